"""Searches series and instances of all studies one may read; Orthanc is asked study by study."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from pacs_portal.archive import orthanc
from pacs_portal.archive.models import Study
from pacs_portal.archive.queries import Query, rebuilt, values_of
from pacs_portal.archive.search import KEYWORDS, matching_studies

# Studies per question: 250 UIDs of full length still fit into an address that Orthanc takes.
CHUNK = 100
# Results per question, unless a single study has more: all of them are in memory at a time.
MOST_RESULTS = 20_000
COUNTS = {"series": "series_count", "instances": "instance_count"}
STUDY_UID_TAG = "0020000D"
ORDER_TAGS = (STUDY_UID_TAG, "0020000E", "00080018")
Found = dict[str, Any]


def found_within(
    studies: QuerySet[Study], level: str, query: Query, headers: Mapping[str, str]
) -> Iterator[Found]:
    """Yield the matching "series" or "instances" of `studies`, ordered by their UIDs.

    Study attributes are matched by the index, the others by Orthanc, which is only ever asked
    for studies that the index names.
    """
    chunks = _chunks(_counted_uids(studies, query, COUNTS[level]))
    below = {keyword: value for keyword, value in query.matches.items() if keyword not in KEYWORDS}
    asked = replace(query, matches=below, limit=None, offset=0)
    everything = _found(chunks, f"/dicom-web/{level}", asked, headers)
    last = None if query.limit is None else query.offset + query.limit
    yield from islice(everything, query.offset, last)


def _counted_uids(studies: QuerySet[Study], query: Query, count: str) -> list[tuple[str, int]]:
    """Return the UIDs of the studies to be asked for, each with how much it holds."""
    matching = matching_studies(studies, query)
    if "SeriesInstanceUID" in query.matches:
        series = values_of(query.matches["SeriesInstanceUID"])
        matching = matching.filter(series__series_instance_uid__in=series)
    if "SOPInstanceUID" in query.matches:
        instances = values_of(query.matches["SOPInstanceUID"])
        matching = matching.filter(series__instances__sop_instance_uid__in=instances)
    return sorted(set(matching.values_list("study_instance_uid", count)))


def _chunks(counted: list[tuple[str, int]]) -> Iterator[list[str]]:
    chunk: list[str] = []
    results = 0
    for uid, count in counted:
        if chunk and (len(chunk) == CHUNK or results + count > MOST_RESULTS):
            yield chunk
            chunk, results = [], 0
        chunk.append(uid)
        results += count
    if chunk:
        yield chunk


def _found(
    chunks: Iterable[list[str]], path: str, query: Query, headers: Mapping[str, str]
) -> Iterator[Found]:
    for chunk in chunks:
        search = rebuilt(query, **{STUDY_UID_TAG: ",".join(chunk)})
        answer = orthanc.fetch_json(path, search, headers)
        # Nothing that Orthanc says of other studies gets through, whatever it understood.
        readable = [found for found in answer if _value(found, STUDY_UID_TAG) in chunk]
        yield from sorted(readable, key=lambda found: [_value(found, tag) for tag in ORDER_TAGS])


def _value(found: Found, tag: str) -> str:
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])
