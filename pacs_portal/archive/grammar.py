"""The addresses of DICOM PS3.18 that the gate knows, and nothing else.

An address is matched as a whole and then written anew from its parts: what a client typed never
reaches Orthanc.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from pacs_portal.archive.headers import is_uid

# Nothing that two servers might read differently: encoded dots and separators, doubled slashes,
# path parameters, anything outside printable ASCII. Only the comma of a frame list may be encoded.
SUSPICIOUS = re.compile(r"\.\.|//|;|\\|%(?!2[cC])|/\.(/|\Z)|[^\x21-\x7e]")
UID = r"[0-9.]{1,64}"
BULK = r"bulk(?:/[0-9a-fA-F]{8}(?:/[0-9]{1,6}/[0-9a-fA-F]{8})*)"
FRAMES = r"frames/[0-9]{1,6}(?:,[0-9]{1,6}){0,999}"
STUDY = rf"studies/(?P<study>{UID})"
SERIES = rf"{STUDY}/series/(?P<series>{UID})"
INSTANCE = rf"{SERIES}/instances/(?P<instance>{UID})"


class Kind(StrEnum):
    """What an address asks for, and so who answers it."""

    STUDIES = "studies"  # a search that the index of studies answers
    WITHIN = "within"  # a search of all series or instances one may read
    BELOW = "below"  # a search below one study, streamed
    OBJECTS = "objects"  # files, metadata, frames, bulk data or pictures, streamed


PATTERNS = (
    (Kind.STUDIES, re.compile(r"studies")),
    (Kind.WITHIN, re.compile(r"series|instances")),
    (Kind.BELOW, re.compile(rf"{STUDY}/(?:series|instances)")),
    (Kind.BELOW, re.compile(rf"{SERIES}/instances")),
    (Kind.OBJECTS, re.compile(rf"{STUDY}(?:/(?:metadata|rendered|thumbnail))?")),
    (Kind.OBJECTS, re.compile(rf"{SERIES}(?:/(?:metadata|rendered|thumbnail))?")),
    (Kind.OBJECTS, re.compile(rf"{INSTANCE}(?:/(?:metadata|rendered|thumbnail|{BULK}))?")),
    (Kind.OBJECTS, re.compile(rf"{INSTANCE}/{FRAMES}(?:/(?:rendered|thumbnail))?")),
)


@dataclass(frozen=True)
class Target:
    """A known address: `path` is relative to the DICOMweb root and consists of safe parts."""

    kind: Kind
    path: str
    study_instance_uid: str = ""

    @property
    def is_thumbnail(self) -> bool:
        """Tell whether a small picture is asked for."""
        return self.path.endswith("/thumbnail")

    @property
    def is_file(self) -> bool:
        """Tell whether whole files are asked for: those of a study, a series or an instance."""
        last_but_one = self.path.split("/")[-2:-1]
        return last_but_one in (["studies"], ["series"], ["instances"])


def is_suspicious(path: str) -> bool:
    """Tell whether a path as it was typed holds anything two servers may read differently."""
    return SUSPICIOUS.search(path) is not None


def target_of(path: str) -> Target | None:
    """Return what a path relative to the DICOMweb root asks for, None if the gate has no such."""
    for kind, pattern in PATTERNS:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        uids = {name: uid for name, uid in match.groupdict().items() if uid is not None}
        if not all(is_uid(uid) for uid in uids.values()) or _names_a_frame_twice(path):
            return None
        return Target(kind, path, uids.get("study", ""))
    return None


def _names_a_frame_twice(path: str) -> bool:
    """Tell whether one short address would have the same frame sent a thousand times."""
    listed = path.partition("/frames/")[2].partition("/")[0].split(",")
    numbers = [number.lstrip("0") for number in listed]
    return len(set(numbers)) < len(numbers)


def typed_path(request: HttpRequest) -> str:
    """Return the path as the client typed it, where the server tells; WSGI only knows it decoded.

    gunicorn tells it as RAW_URI, others as REQUEST_URI. Without either, the decoded path is
    looked at, in which an encoded dot or slash stands plain.
    """
    for name in ("RAW_URI", "REQUEST_URI"):
        typed = request.META.get(name)
        if typed:
            path = re.sub(r"\Ahttps?://[^/?#]*", "", str(typed), flags=re.IGNORECASE)
            return path.partition("?")[0].partition("#")[0]
    return request.path
