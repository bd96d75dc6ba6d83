"""Sign-in and account pages of allauth, without those that are closed here."""

from typing import Any, NoReturn

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.urls import include, path

# Accounts and their e-mails are made and changed by site admins.
CLOSED = (
    "signup/",
    "email/",
    "confirm-email/",
    "confirm-email/<str:key>/",
    "login/code/confirm/",
    "password/set/",
)


@login_not_required
def closed(request: HttpRequest, **_: Any) -> NoReturn:
    """Answer as if the page did not exist."""
    raise Http404


urlpatterns = [
    *(path(address, closed) for address in CLOSED),
    path("", include("allauth.urls")),
]
