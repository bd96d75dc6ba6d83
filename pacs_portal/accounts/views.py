"""Pages of accounts that are not allauth's own."""

from typing import Any, NoReturn

from allauth.account import views as allauth_views
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase


@login_not_required
def closed(request: HttpRequest, **_: Any) -> NoReturn:
    """Answer as if the page did not exist."""
    raise Http404


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Sign out; the browser forgets the images it kept."""
    response = allauth_views.logout(request)
    if request.method == "POST":
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
