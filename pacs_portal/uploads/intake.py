"""The addresses that a browser or a script sends files to: JSON and raw bytes, no pages."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import wraps
from pathlib import PurePosixPath
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Project
from pacs_portal.uploads.errors import (
    ManifestError,
    StorageFullError,
    UploadClosedError,
    UploadError,
    UploadIncompleteError,
)
from pacs_portal.uploads.models import Upload, UploadFile
from pacs_portal.uploads.services import (
    ManifestEntry,
    announce_files,
    complete_upload,
    create_upload,
    missing_files,
    receive_file,
)

CHUNK_BYTES = 2**18
STATUS = {StorageFullError: 507, UploadClosedError: 409, UploadIncompleteError: 409}
View = Callable[..., JsonResponse]


def answers_json(view: View) -> View:
    """Answer 401 to the anonymous, and every refusal as {"code", "sentence"}."""

    @login_not_required
    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **named: Any) -> JsonResponse:
        if not request.user.is_authenticated:
            return _refusal("signed-out", gettext("Sign in, then try again."), 401)
        try:
            return view(request, *args, **named)
        except UploadError as error:
            return _refusal(error.code, error.translated_sentence, STATUS.get(type(error), 400))
        except RequestDataTooBig:
            return _refusal("manifest-too-large", gettext("Announce fewer files at once."), 413)
        except (Http404, UploadFile.DoesNotExist):
            return _refusal("not-found", gettext("There is no such upload or file."), 404)
        except UnreadablePostError:
            return _refusal(
                "broken-off", gettext("The transfer broke off; send the file again."), 400
            )

    return respond


@answers_json
@require_POST
def upload_create(request: HttpRequest, key: str) -> JsonResponse:
    """Open an upload: {"files": [{"path", "size_bytes", "modified_at"}]} -> its id."""
    user = cast(User, request.user)
    project = get_object_or_404(Project.objects.editable_by(user), key=key)
    upload = create_upload(project=project, by=user, manifest=_entries(request))
    numbers = list(range(1, upload.file_count + 1))
    answer = {"id": str(upload.pk), "numbers": numbers, "missing": numbers}
    return JsonResponse(answer, status=201)


@answers_json
@require_POST
def upload_manifest(request: HttpRequest, key: str, upload_id: UUID) -> JsonResponse:
    """Announce more files, or the same ones again after a break."""
    upload = _own_upload(request, key, upload_id)
    announced = announce_files(upload, _entries(request))
    numbers = [file.number for file in announced]
    missing = [file.number for file in announced if file.is_missing]
    return JsonResponse({"id": str(upload.pk), "numbers": numbers, "missing": missing})


@answers_json
@require_GET
def upload_missing(request: HttpRequest, key: str, upload_id: UUID) -> JsonResponse:
    """Tell which files have not come."""
    return JsonResponse({"missing": missing_files(_own_upload(request, key, upload_id))})


@answers_json
@require_http_methods(["PUT"])
def upload_receive(request: HttpRequest, key: str, upload_id: UUID, number: int) -> JsonResponse:
    """Take the bytes of one file from the request's body, straight to the disk."""
    receive_file(_own_upload(request, key, upload_id), number, _chunks(request))
    return JsonResponse({"number": number})


@answers_json
@require_POST
def upload_complete(request: HttpRequest, key: str, upload_id: UUID) -> JsonResponse:
    """Close the upload; doing so twice is the same as once."""
    upload = _own_upload(request, key, upload_id)
    complete_upload(upload)
    return JsonResponse({"id": str(upload.pk), "url": upload.get_absolute_url()})


def _own_upload(request: HttpRequest, key: str, upload_id: UUID) -> Upload:
    """Only who opened an upload sends to it, and only while she may contribute."""
    user = cast(User, request.user)
    own = Upload.objects.editable_by(user).filter(created_by=user)
    return get_object_or_404(own, pk=upload_id, project__key=key)


def _entries(request: HttpRequest) -> list[ManifestEntry]:
    try:
        files = json.loads(request.body)["files"]
        return [
            ManifestEntry(
                PurePosixPath(file["path"]), _size(file["size_bytes"]), _time(file["modified_at"])
            )
            for file in files
        ]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise ManifestError(
            "manifest-malformed",
            _(
                'Expected {"files": [{"path": text, "size_bytes": number, "modified_at": time or '
                "null}]}; correct the list, then send it again."
            ),
        ) from None


def _size(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    moment = parse_datetime(value)
    if moment is None:
        raise ValueError
    # At once: an offset may lead out of the calendar.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(CHUNK_BYTES):
        yield chunk


def _refusal(code: str, sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "sentence": sentence}, status=status)
