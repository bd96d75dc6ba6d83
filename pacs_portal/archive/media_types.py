"""Chooses what is asked of Orthanc from what the client accepts (PS3.18 8.7)."""

import re

JSON_TYPES = ("application/dicom+json", "application/json")
PICTURE_TYPES = ("image/jpeg", "image/png")
MAX_ACCEPT_LENGTH = 2000


def accepted_json(accept: str) -> str | None:
    """Return the media type of a search's answer, None if the client takes no JSON."""
    return _first_accepted(accept, JSON_TYPES)


def accepted_picture(accept: str) -> str | None:
    """Return the media type of a rendered picture, None if the client takes neither."""
    return _first_accepted(accept, PICTURE_TYPES)


def accepted_objects(accept: str) -> str | None:
    """Return the Accept header for files, frames and bulk data; browsers' long lists mean "any"."""
    if len(accept) > MAX_ACCEPT_LENGTH or not accept.isprintable() or not accept.isascii():
        return None
    as_stored = next(filter(_takes_all_syntaxes, accept.split(",")), None)
    if as_stored is not None:
        # Of a longer list Orthanc takes the last one, and encodes the whole image anew for it.
        return as_stored.strip()
    types = _types(accept)
    if "multipart/related" in types or not types:
        return accept or "*/*"
    if "*/*" in types or "application/*" in types:
        return "*/*"
    return accept


def _takes_all_syntaxes(given: str) -> bool:
    media_type, *parameters = [part.strip().lower() for part in given.split(";")]
    return media_type == "multipart/related" and set(parameters) in (
        {'type="application/octet-stream"', "transfer-syntax=*"},
        {"type=application/octet-stream", "transfer-syntax=*"},
    )


def _first_accepted(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return what the client names first; a wildcard takes the first that is offered."""
    for given in _types(accept) or ["*/*"]:
        for media_type in offered:
            group = media_type.partition("/")[0]
            if given in {media_type, f"{group}/*", "*/*"}:
                return media_type
    return None


def _types(accept: str) -> list[str]:
    ranges = [part.strip() for part in accept.split(",")]
    refused = re.compile(r";\s*q\s*=\s*0(\.0*)?\s*(;|\Z)")
    return [
        part.partition(";")[0].strip().lower()
        for part in ranges
        if part and not refused.search(part)
    ]
