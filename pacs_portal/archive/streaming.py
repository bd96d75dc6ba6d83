"""Carries Orthanc's answers to the client in pieces, whatever their size."""

from collections.abc import Iterator, Mapping
from errno import ECONNRESET
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse

from pacs_portal.archive import orthanc
from pacs_portal.archive.errors import ArchiveError, ArchiveUnavailableError

if TYPE_CHECKING:
    import httpx

PASSED_ON = ("Content-Type", "Content-Length")


class NotAcceptableError(ArchiveError):
    """Orthanc cannot give the object in any form that the client takes."""


class ArchiveFailedError(ArchiveError):
    """Orthanc failed on this very object, as on files in transfer syntaxes it cannot decode."""


class UpstreamBody:
    """The body of Orthanc's answer; closing it, as when the client left, ends the transfer."""

    def __init__(self, answer: "httpx.Response") -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            with orthanc.answering():
                yield from self._answer.iter_raw()
        except ArchiveUnavailableError:
            # No status can tell it any more, so the line breaks. A server would log any other
            # error with the address, which names a study.
            raise ConnectionResetError(ECONNRESET, orthanc.UNAVAILABLE) from None

    def close(self) -> None:
        self._answer.close()


def streamed(
    path: str, query: str, headers: Mapping[str, str], *, with_body: bool
) -> HttpResponseBase:
    """Answer with what Orthanc has at `path`; nothing of Orthanc's errors is shown.

    Raises
    ------
    Http404
        If Orthanc has no such object.
    NotAcceptableError
        If Orthanc does not understand the request as it stands.
    ArchiveFailedError
        If Orthanc cannot decode the object.
    ArchiveUnavailableError
        If Orthanc does not answer, or not as an archive does.
    """
    answer = orthanc.open_stream(path, query, headers)
    if answer.status_code != HTTPStatus.OK:
        answer.close()
        raise _error(answer.status_code)
    passed_on = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
    if with_body:
        return StreamingHttpResponse(UpstreamBody(answer), headers=passed_on)
    answer.close()
    return HttpResponse(headers=passed_on)


def _error(status_code: int) -> Exception:
    if status_code == HTTPStatus.NOT_FOUND:
        return Http404()
    if status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE}:
        return NotAcceptableError("The archive cannot give this object in the form asked for.")
    if status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return ArchiveFailedError("The archive cannot read this object.")
    return ArchiveUnavailableError("The archive could not answer; try again later.")
