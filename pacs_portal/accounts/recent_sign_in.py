"""Ask for the password again before a person sees who a patient is."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def recent_sign_in_required(view: View[Arguments]) -> View[Arguments]:
    """Ask for the password again before a POST, unless the person just typed it."""

    @wraps(view)
    def asked(
        request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponseBase:
        if request.method == "POST" and not signed_in_recently(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return asked


def sign_in_again(back_to: str) -> HttpResponse:
    """Ask for the password, then show the page `back_to`; nothing that was sent is kept.

    For what must not lie in the session, as ReauthenticationRequired would let it, and for
    downloads, which would leave the browser on the page that asks.
    """
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back_to})}")


def signed_in_recently(request: HttpRequest) -> bool:
    """Tell so also of people who have nothing to type here: their identity provider asks them."""
    if not request.user.is_authenticated or not get_reauthentication_flows(request.user):
        return True
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
