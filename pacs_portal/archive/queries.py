"""Reads the parameters of a QIDO-RS search (PS3.18 10.6) into what the gate can answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from pacs_portal.archive.errors import ArchiveError

MAX_VALUE_LENGTH = 20_000  # a list of a few hundred UIDs
MAX_STARS = 4  # each one more multiplies the work of a match that fails
TAG = re.compile(r"[0-9a-fA-F]{8}")
PLAIN_NUMBER = re.compile(r"[0-9]{1,9}")
# Parameters that are no attributes; the last two only say how a value is to be read.
CONTROLS = frozenset(
    {
        "accept",
        "charset",
        "emptyvaluematching",
        "fuzzymatching",
        "includefield",
        "limit",
        "multiplevaluematching",
        "offset",
    }
)


class BadQueryError(ArchiveError):
    """A search that PS3.18 does not allow; the text says which rule, never the value."""


@dataclass(frozen=True, repr=False)
class Query:
    """What is searched for: attribute keyword to value, empty ones (which match all) left out."""

    matches: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()  # "all", or tags
    ignored: tuple[str, ...] = ()  # attributes within sequences: matched by nobody here
    is_fuzzy: bool = False
    limit: int | None = None
    offset: int = 0


def query_of(request: HttpRequest) -> Query:
    """Read the parameters of a search.

    Raises
    ------
    BadQueryError
        If a parameter is unknown, malformed, or given twice with different values.
    """
    parameters = request.GET
    matches: dict[str, str] = {}
    ignored: list[str] = []
    for name, values in parameters.lists():
        if name in CONTROLS:
            continue
        *inside, keyword = [_keyword(part) for part in name.split(".")]
        if inside:
            ignored.append(".".join([*inside, keyword]))
        else:
            _add_match(matches, keyword, [str(value) for value in values])
    return Query(
        matches={keyword: value for keyword, value in matches.items() if value},
        fields=_fields(parameters),
        ignored=tuple(ignored),
        is_fuzzy=parameters.get("fuzzymatching", "false").lower() == "true",
        limit=_number(parameters, "limit"),
        offset=_number(parameters, "offset") or 0,
    )


def tag_of(keyword: str) -> str:
    """Return the eight hexadecimal digits of a known attribute."""
    tag = tag_for_keyword(keyword)
    return f"{tag:08X}" if tag is not None else keyword


def rebuilt(query: Query, **more: str) -> str:
    """Write a query string anew for Orthanc, which does not split an encoded comma itself."""
    pairs = [(tag_of(keyword), value) for keyword, value in query.matches.items()]
    pairs += [("includefield", name) for name in query.fields]
    if query.limit is not None:
        pairs.append(("limit", str(query.limit)))
    if query.offset:
        pairs.append(("offset", str(query.offset)))
    return urlencode([*pairs, *more.items()])


def values_of(text: str) -> list[str]:
    """Split a list of UIDs or codes, by commas or by DICOM's own backslash."""
    return [value.strip() for value in re.split(r"[,\\]", text) if value.strip()]


def _keyword(name: str) -> str:
    """Return the keyword of an attribute that is named by keyword or tag."""
    keyword = keyword_for_tag(int(name, 16)) if TAG.fullmatch(name) else name
    if not keyword and TAG.fullmatch(name):
        return name.upper()  # a private or newer attribute: allowed, and nothing here has it
    if tag_for_keyword(keyword) is None:
        raise BadQueryError("A parameter is neither a DICOM attribute nor one of QIDO-RS.")
    return keyword


def _add_match(matches: dict[str, str], keyword: str, values: list[str]) -> None:
    given = [matches[keyword], *values] if keyword in matches else values
    if any(len(value) > MAX_VALUE_LENGTH or "\0" in value for value in given):
        raise BadQueryError("A value is too long or holds a control character.")
    if len(given) > 1 and not _is_uid_attribute(keyword):
        raise BadQueryError("An attribute is given more than once.")
    value = ",".join(given) if all(given) else ""
    if len(re.findall(r"\*+", value)) > MAX_STARS:
        raise BadQueryError(f"A value may hold at most {MAX_STARS} asterisks.")
    matches[keyword] = value


def _is_uid_attribute(keyword: str) -> bool:
    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_VR(tag) == "UI"


def _fields(parameters: QueryDict) -> tuple[str, ...]:
    names = [name for text in parameters.getlist("includefield") for name in text.split(",")]
    fields = {name if name == "all" else tag_of(_keyword(name)) for name in names if name}
    return ("all",) if "all" in fields else tuple(sorted(fields))


def _number(parameters: QueryDict, name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    if not PLAIN_NUMBER.fullmatch(text):
        raise BadQueryError(f"The parameter {name} must be a whole number.")
    return int(text)
