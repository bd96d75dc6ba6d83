"""Logs that say where something went wrong and never what the values were."""

import logging
import traceback
from collections.abc import ItemsView
from types import TracebackType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class PlaceOnlyFormatter(logging.Formatter):
    """Write an exception as its type and the places it passed; its text may quote patient data."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(  # noqa: N802 (the name is logging's)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return the exception's type and its stack without source lines' values."""
        kind, _, trace = ei
        places = [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(trace)
        ]
        return "\n".join([*places, kind.__name__ if kind else "no exception"])


class RouteOnlyFilter(logging.Filter):
    """Name a failed request by its route: the address itself names studies, or what was typed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the records of Django that carry a request; let all pass."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            reason = record.args[0] if isinstance(record.args, tuple) and record.args else "Refused"
            route = request.resolver_match.route if request.resolver_match else "no known address"
            record.msg, record.args = "%s: %s", (reason, route)
        return True


class NoValuesFilter(SafeExceptionReporterFilter):
    """Leave every local variable and request field out of error reports."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Filter whatever DEBUG says."""
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Return no field of the request."""
        return {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> ItemsView[str, Any]:
        """Return no local variable."""
        return {}.items()
