"""Addresses that only take forms: whoever comes there by a link is led to the page of the form."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


def posted_from(page: str) -> Callable[[View[Arguments]], View[Arguments]]:
    """Let a view take POST alone; a GET of its address opens `page`, which takes the same key.

    An answer to a form stands under the form's address: from there people reload, press Enter in
    the address bar, turn to the next page of a list, or come back by the browser's button.
    """

    def decorated(view: View[Arguments]) -> View[Arguments]:
        @wraps(view)
        def led(
            request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in {"GET", "HEAD"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            query = request.META.get("QUERY_STRING", "")
            address = reverse(page, args=args, kwargs=kwargs)
            return redirect(f"{address}?{query}" if query else address)

        return led

    return decorated
