"""What every page shows around its content."""

from typing import Any

from django.http import HttpRequest

from pacs_portal.tools import registered_tools


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template needs."""
    return {"tools": registered_tools()}
