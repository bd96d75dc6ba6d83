"""Whether the portal is alive and ready; no details, for anyone may ask."""

import logging
import shutil
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pacs_portal.archive.orthanc import is_available
from pacs_portal.jobs.services import worker_is_alive

logger = logging.getLogger(__name__)
MINIMUM_FREE_BYTES = 2**30
SERVICE_UNAVAILABLE = 503


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the portal runs."""
    return _plain("alive")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if work can be done: database, archive, worker and disk; else 503."""
    parts = (database_answers, is_available, worker_is_alive, disk_has_room)
    if all(_holds(part) for part in parts):
        return _plain("ready")
    return _plain("not ready", status=SERVICE_UNAVAILABLE)


def database_answers() -> bool:
    """Return True if the database answers a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def disk_has_room() -> bool:
    """Return True if files can still be taken in."""
    return shutil.disk_usage(settings.DATA_DIR).free > MINIMUM_FREE_BYTES


def _holds(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except (OSError, DatabaseError) as error:
        logger.warning("%s failed: %s", part.__name__, type(error).__name__)
        return False


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)
