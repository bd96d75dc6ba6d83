"""The DICOMweb gate: PS3.18 over the studies that the caller may read, and over nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import cast
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from pacs_portal.accounts.models import User
from pacs_portal.archive.dicom_json import study_json
from pacs_portal.archive.errors import ArchiveRefusedError, ArchiveUnavailableError
from pacs_portal.archive.grammar import Kind, Target, is_suspicious, target_of, typed_path
from pacs_portal.archive.media_types import accepted_json, accepted_objects, accepted_picture
from pacs_portal.archive.models import Study
from pacs_portal.archive.pictures import picture_query
from pacs_portal.archive.queries import BadQueryError, Query, query_of, rebuilt
from pacs_portal.archive.search import matching_studies, unmatched_keywords
from pacs_portal.archive.streaming import ArchiveFailedError, NotAcceptableError, streamed
from pacs_portal.archive.within import Found, found_within
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in

MAX_RESULTS = 5000
RETRY_SECONDS = "15"


class _RefusedError(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(self, status: HTTPStatus, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class _Door:
    """Who asks, at which DICOMweb root, for which studies."""

    request: HttpRequest
    root_url: str
    studies: QuerySet[Study]

    @property
    def accept(self) -> str:
        return self.request.GET.get("accept") or self.request.headers.get("Accept", "")

    @property
    def has_body(self) -> bool:
        return self.request.method != "HEAD"

    def headers(self, accept: str) -> dict[str, str]:
        """Return all that Orthanc is told; its links then lead to this root of the portal."""
        scheme, host, path, *_ = urlsplit(self.root_url)
        public = f"{host}{path.removesuffix('/dicom-web')}"
        return {
            "Accept": accept,
            "Accept-Encoding": "identity",
            "Forwarded": f"host={public};proto={scheme}",
        }


# Writing comes with STOW-RS, which checks the origin itself; until then every write is a 405.
@csrf_exempt
@login_not_required
def dicom_web(request: HttpRequest, path: str, key: str = "") -> HttpResponseBase:
    """Answer a DICOMweb request over all readable studies, or over those of one project."""
    try:
        with _told_as_refusals():
            response = _answer(request, path, key)
    except _RefusedError as refused:
        response = JsonResponse({"error": refused.sentence}, status=refused.status)
        for name, value in refused.headers.items():
            response.headers[name] = value
        if request.method == "HEAD":
            response.content = b""
    # Bulk data may be anything a device wrote: a browser must never run it as a page of ours.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@contextmanager
def _told_as_refusals() -> Iterator[None]:
    try:
        yield
    except (BadQueryError, ArchiveRefusedError) as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None
    except Http404:
        raise _RefusedError(HTTPStatus.NOT_FOUND, "There is nothing at this address.") from None
    except NotAcceptableError as error:
        raise _RefusedError(HTTPStatus.NOT_ACCEPTABLE, str(error)) from None
    except ArchiveFailedError as error:
        raise _RefusedError(HTTPStatus.BAD_GATEWAY, str(error)) from None
    except ArchiveUnavailableError as error:
        raise _RefusedError(
            HTTPStatus.SERVICE_UNAVAILABLE, str(error), Retry_After=RETRY_SECONDS
        ) from None


def _answer(request: HttpRequest, path: str, key: str) -> HttpResponseBase:
    if is_suspicious(typed_path(request)) or is_suspicious(request.path):
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "The address is malformed.")
    door = _opened(request, path, key)
    if request.method not in {"GET", "HEAD"}:
        raise _RefusedError(
            HTTPStatus.METHOD_NOT_ALLOWED, "Only reading is possible here.", Allow="GET, HEAD"
        )
    target = target_of(path)
    if target is None:
        raise Http404
    if target.kind == Kind.STUDIES:
        return _studies(door)
    if target.kind == Kind.WITHIN:
        return _within(door, target)
    return _of_one_study(door, target)


def _of_one_study(door: _Door, target: Target) -> HttpResponseBase:
    study = door.studies.filter(study_instance_uid=target.study_instance_uid).first()
    if study is None:
        raise Http404
    if target.kind == Kind.BELOW:
        return _below(door, target)
    response = _objects(door, target)
    if target.is_file and door.has_body:
        try:
            record_in(study.project, cast(User, door.request.user), "study.retrieved", study)
        except BaseException:
            response.close()  # else the archive's answer waits for ever to be read
            raise
    return response


def _opened(request: HttpRequest, path: str, key: str) -> _Door:
    """Find out who asks; the rights are read anew with every request."""
    user = request.user
    if not user.is_authenticated:
        raise _RefusedError(
            HTTPStatus.UNAUTHORIZED, "Sign in first.", WWW_Authenticate='Bearer realm="PACS2go"'
        )
    studies = Study.objects.visible_to(user)
    if key:
        if not Project.objects.visible_to(user).filter(key=key).exists():
            raise Http404
        studies = studies.filter(project__key=key)
    root = request.path.removesuffix(path).rstrip("/")
    return _Door(request, request.build_absolute_uri(root), studies)


def _studies(door: _Door) -> HttpResponse:
    query = query_of(door.request)
    matching = matching_studies(door.studies, query)
    count = MAX_RESULTS if query.limit is None else min(query.limit, MAX_RESULTS)
    found = list(matching[query.offset : query.offset + count + 1])
    response = _json(door, [study_json(study, door.root_url) for study in found[:count]])
    ignored = unmatched_keywords(query)
    if ignored:
        _warn(response, f"These attributes were not matched: {', '.join(ignored)}")
    if len(found) > count and query.limit != count:
        _warn(response, f"There are more than {MAX_RESULTS} results; ask for them with an offset")
    return response


def _within(door: _Door, target: Target) -> HttpResponse:
    query = query_of(door.request)
    headers = door.headers("application/dicom+json")
    found = found_within(door.studies, target.path, query, headers)
    results = list(islice(found, MAX_RESULTS + 1))
    response = _json(door, results[:MAX_RESULTS])
    if len(results) > MAX_RESULTS:
        _warn(response, f"There are more than {MAX_RESULTS} results; ask for them with an offset")
    return response


def _below(door: _Door, target: Target) -> HttpResponseBase:
    media_type = _acceptable(accepted_json(door.accept))
    query = _without_study_uid(query_of(door.request), target.study_instance_uid)
    if query is None or query.limit == 0:
        return _json(door, [])
    headers = door.headers("application/dicom+json")
    response = streamed(
        f"/dicom-web/{target.path}", rebuilt(query), headers, with_body=door.has_body
    )
    response.headers["Content-Type"] = media_type
    return response


def _without_study_uid(query: Query, study_instance_uid: str) -> Query | None:
    """Drop a study UID that repeats the address; another one matches nothing."""
    matches = dict(query.matches)
    if matches.pop("StudyInstanceUID", study_instance_uid) != study_instance_uid:
        return None
    return Query(matches, query.fields, limit=query.limit, offset=query.offset)


def _objects(door: _Door, target: Target) -> HttpResponseBase:
    path, query = f"/dicom-web/{target.path}", ""
    if path.endswith(("/rendered", "/thumbnail")):
        accept = _acceptable(accepted_picture(door.accept))
        query = picture_query(door.request.GET, is_thumbnail=target.is_thumbnail)
        path = re.sub(r"/thumbnail\Z", "/rendered", path)
    elif path.endswith("/metadata"):
        accept = _acceptable(accepted_json(door.accept))
    else:
        accept = _acceptable(accepted_objects(door.accept))
    return streamed(path, query, door.headers(accept), with_body=door.has_body)


def _acceptable(media_type: str | None) -> str:
    if media_type is None:
        raise NotAcceptableError("None of the accepted media types can be given.")
    return media_type


def _json(door: _Door, results: list[Found]) -> HttpResponse:
    media_type = _acceptable(accepted_json(door.accept))
    response = JsonResponse(results, safe=False, content_type=media_type)
    response.headers["Content-Length"] = str(len(response.content))
    if not door.has_body:
        response.content = b""
    return response


def _warn(response: HttpResponse, sentence: str) -> None:
    """Add a warning as PS3.18 has it; 299 is a lasting one."""
    warning = f'299 PACS2go "{sentence}"'
    known = response.headers.get("Warning")
    response.headers["Warning"] = f"{known}, {warning}" if known else warning
