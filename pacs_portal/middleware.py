"""What holds for every answer of the portal."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

Handler = Callable[[HttpRequest], HttpResponseBase]


def no_store(get_response: Handler) -> Handler:
    """Forbid caches to keep any answer that does not say otherwise (static files do)."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return respond


class SignInRequired(LoginRequiredMiddleware):
    """Sends who is not signed in to the sign-in page, and says so if a form came too late."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        to_sign_in = super().process_view(request, view_func, view_args, view_kwargs)
        if to_sign_in is None:
            return None
        if request.headers.get("HX-Request") == "true":
            # The browser would lay the sign-in page into the middle of the open one.
            return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        if request.method == "POST":
            messages.warning(
                request, _("You were signed out, so nothing was done. Sign in, then do it again.")
            )
        return to_sign_in
