"""Searches series and instances of all studies one may read; Orthanc is asked study by study."""

from collections.abc import Iterator, Mapping
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
    uids = _study_uids(studies, query)
    below = {keyword: value for keyword, value in query.matches.items() if keyword not in KEYWORDS}
    asked = replace(query, matches=below, limit=None, offset=0)
    everything = _found(uids, f"/dicom-web/{level}", asked, headers)
    last = None if query.limit is None else query.offset + query.limit
    yield from islice(everything, query.offset, last)


def _study_uids(studies: QuerySet[Study], query: Query) -> list[str]:
    matching = matching_studies(studies, query)
    if "SeriesInstanceUID" in query.matches:
        series = values_of(query.matches["SeriesInstanceUID"])
        matching = matching.filter(series__series_instance_uid__in=series)
    if "SOPInstanceUID" in query.matches:
        instances = values_of(query.matches["SOPInstanceUID"])
        matching = matching.filter(series__instances__sop_instance_uid__in=instances)
    return sorted(set(matching.values_list("study_instance_uid", flat=True)))


def _found(uids: list[str], path: str, query: Query, headers: Mapping[str, str]) -> Iterator[Found]:
    for start in range(0, len(uids), CHUNK):
        chunk = uids[start : start + CHUNK]
        search = rebuilt(query, **{STUDY_UID_TAG: ",".join(chunk)})
        answer = orthanc.fetch_json(path, search, headers)
        # Nothing that Orthanc says of other studies gets through, whatever it understood.
        readable = [found for found in answer if _value(found, STUDY_UID_TAG) in chunk]
        yield from sorted(readable, key=lambda found: [_value(found, tag) for tag in ORDER_TAGS])


def _value(found: Found, tag: str) -> str:
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])
