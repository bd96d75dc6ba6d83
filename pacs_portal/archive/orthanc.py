"""The only client of Orthanc: REST calls by pyorthanc, streams for the gate.

httpx and pyorthanc are imported with the first call: commands that write to a folder never need
them.
"""

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from pacs_portal.archive.errors import ArchiveRefusedError, ArchiveUnavailableError

if TYPE_CHECKING:
    import httpx
    from pyorthanc import Orthanc

# Reading waits long: Orthanc may have to read and index a large study before its first byte.
TIMEOUT_SECONDS = {"connect": 5.0, "read": 300.0, "write": 300.0, "pool": 30.0}
MAX_CONNECTIONS = 64
UNAVAILABLE = "The archive does not answer; it is tried again later."


@dataclass(frozen=True)
class PostedInstance:
    """What Orthanc says about an instance it was sent."""

    orthanc_id: str
    is_new: bool


def client() -> "Orthanc":
    """Return this process's client; a forked worker gets one of its own."""
    return _client(
        os.getpid(),
        settings.ORTHANC_URL.rstrip("/"),
        settings.ORTHANC_USERNAME,
        settings.ORTHANC_PASSWORD,
    )


@lru_cache(maxsize=4)
def _client(process_id: int, url: str, username: str, password: str) -> "Orthanc":
    import httpx
    from pyorthanc import Orthanc

    # trust_env: a proxy of the machine must never see what goes to the archive.
    made = Orthanc(
        url,
        username,
        password,
        return_raw_response=True,
        timeout=httpx.Timeout(**TIMEOUT_SECONDS),
        limits=httpx.Limits(
            max_connections=MAX_CONNECTIONS,
            # Orthanc closes what is idle for a second: on a busy machine at the very moment of the
            # next request, which then fails. An idle connection also keeps a thread of Orthanc's.
            max_keepalive_connections=0,
        ),
        trust_env=False,
    )
    atexit.register(made.close)
    return made


@contextmanager
def answering() -> Iterator[None]:
    """Turn every failure to talk to Orthanc into ArchiveUnavailableError."""
    import httpx

    try:
        yield
    except (httpx.TransportError, httpx.StreamError):
        # Without the cause: its text may name the address that was asked for.
        raise ArchiveUnavailableError(UNAVAILABLE) from None


def is_available() -> bool:
    """Tell whether Orthanc answers with our credentials."""
    try:
        with answering():
            answer = client().get(f"{client().url}/system", timeout=5)
    except ArchiveUnavailableError:
        return False
    return answer.status_code == HTTPStatus.OK


def post_instance(path: Path) -> PostedInstance:
    """Send one file, streamed from the disk."""
    with path.open("rb") as file, answering():
        answer = client().post(f"{client().url}/instances", content=file)
    if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}:
        raise ArchiveRefusedError("The archive does not accept this file as DICOM.")
    reply = _checked(answer).json()
    return PostedInstance(orthanc_id=reply["ID"], is_new=reply["Status"] == "Success")


def instance_md5(orthanc_id: str) -> str:
    """Return the MD5, in hex, of the file that Orthanc holds."""
    with answering():
        answer = client().get_instances_id_attachments_name_md5(orthanc_id, "dicom")
    return _checked(answer).text.strip()


def instance_ids(sop_instance_uid: str) -> list[str]:
    """Return Orthanc's names of an instance: more than one while its patient changes."""
    with answering():
        return _lookup(sop_instance_uid, "Instance")


def delete_instance(orthanc_id: str) -> None:
    """Remove one instance; one that is gone already is no error."""
    with answering():
        answer = client().delete_instances_id(orthanc_id)
    if answer.status_code != HTTPStatus.NOT_FOUND:
        _checked(answer)


def delete_study(study_instance_uid: str) -> None:
    """Remove every trace of a study; one that is gone already is no error."""
    with answering():
        for orthanc_id in _lookup(study_instance_uid, "Study"):
            answer = client().delete_studies_id(orthanc_id)
            if answer.status_code != HTTPStatus.NOT_FOUND:
                _checked(answer)


def open_stream(path: str, query: str, headers: Mapping[str, str]) -> "httpx.Response":
    """Ask for `path` below Orthanc; the caller reads the answer in pieces and closes it."""
    with answering():
        request = client().build_request("GET", _address(path, query), headers=dict(headers))
        return client().send(request, stream=True)


def fetch_json(path: str, query: str, headers: Mapping[str, str]) -> Any:
    """Return the JSON that Orthanc answers, whole in memory."""
    with answering():
        answer = client().get(_address(path, query), headers=dict(headers))
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        raise ArchiveRefusedError("The archive does not understand the query.")
    return _checked(answer).json()


def _lookup(uid: str, level: str) -> list[str]:
    # Not pyorthanc's own method, which sends text by a way that httpx gives up.
    found = client().post(f"{client().url}/tools/lookup", content=uid)
    return [match["ID"] for match in _checked(found).json() if match["Type"] == level]


def _address(path: str, query: str) -> str:
    return f"{client().url}{path}?{query}" if query else f"{client().url}{path}"


def _checked(answer: "httpx.Response") -> "httpx.Response":
    if not answer.is_success:
        raise ArchiveUnavailableError(
            f"The archive answered {answer.status_code}; it is tried again later."
        )
    return answer
