"""Searches the index of studies by the matching rules of PS3.4 C.2.2.2."""

import re

from django.db.models import Exists, OuterRef, Q, QuerySet

from pacs_portal.archive.models import Series, Study
from pacs_portal.archive.queries import BadQueryError, Query, values_of

TEXTS = {
    "AccessionNumber": "accession_number",
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "PatientSex": "patient_sex",
    "StudyDescription": "study_description",
    "StudyID": "study_id",
}
DATES = {"StudyDate": "study_date", "PatientBirthDate": "patient_birth_date"}
UIDS = "StudyInstanceUID"
TIMES = "StudyTime"
MODALITIES = "ModalitiesInStudy"
KEYWORDS = frozenset({*TEXTS, *DATES, UIDS, TIMES, MODALITIES})
MAX_ALTERNATIVES = 100  # what one search may ask for; a database nests conditions only so deep
DATE_RANGE = re.compile(r"(?P<first>[0-9]{8})?(?P<dash>-)?(?P<last>[0-9]{8})?")
TIME_RANGE = re.compile(r"(?P<first>[0-9]{2,6}(?:\.[0-9]{1,6})?)?(?P<dash>-)?(?P<last>[0-9.]*)")
LAST_MOMENT = "235959.999999"
ORDER = ("-study_date", "-study_time", "study_instance_uid")


def matching_studies(studies: QuerySet[Study], query: Query) -> QuerySet[Study]:
    """Return those of `studies` that match, newest first; attributes of other levels are let be.

    Raises
    ------
    BadQueryError
        If a date or time is malformed.
    """
    for keyword in sorted(KEYWORDS & query.matches.keys()):
        studies = studies.filter(_condition(keyword, query.matches[keyword], query.is_fuzzy))
    return studies.order_by(*ORDER)


def unmatched_keywords(query: Query) -> tuple[str, ...]:
    """Return the attributes that a search of studies does not look at."""
    return (*sorted(query.matches.keys() - KEYWORDS), *query.ignored)


def _condition(keyword: str, value: str, is_fuzzy: bool) -> Q:
    if keyword == UIDS:
        return Q(study_instance_uid__in=values_of(value))
    if keyword == MODALITIES:
        return _has_modality(values_of(value))
    if keyword == TIMES:
        return _time_condition(value)
    if keyword in DATES:
        return _date_condition(DATES[keyword], value)
    if keyword == "PatientName" and is_fuzzy and not set("*?") & set(value):
        return _fuzzy_condition(TEXTS[keyword], value)
    return Q(**{f"{TEXTS[keyword]}__iregex": wildcard_pattern(value)})


def wildcard_pattern(value: str) -> str:
    """Return the regular expression of a value with the wildcards * and ?."""
    stars = re.sub(r"\*+", "*", value)
    parts = {"*": ".*", "?": "."}
    return f"^{''.join(parts.get(sign) or re.escape(sign) for sign in stars)}$"


def _fuzzy_condition(field: str, value: str) -> Q:
    """Every word of the value begins a word of the name, in any order."""
    condition = Q()
    for word in _bounded(re.findall(r"[^\s^=,]+", value)):
        condition &= Q(**{f"{field}__iregex": rf"(^|[\^= ,]){re.escape(word)}"})
    return condition


def _has_modality(modalities: list[str]) -> Q:
    condition = Q()
    for modality in _bounded(modalities):
        condition |= Q(modality__iregex=wildcard_pattern(modality))
    series = Series.objects.filter(study=OuterRef("pk"), instance_count__gt=0)
    return Q(Exists(series.filter(condition)))


def _bounded(words: list[str]) -> list[str]:
    distinct = list(dict.fromkeys(words))
    if len(distinct) > MAX_ALTERNATIVES:
        raise BadQueryError(f"A value may hold at most {MAX_ALTERNATIVES} words or codes.")
    return distinct


def _date_condition(field: str, value: str) -> Q:
    match = DATE_RANGE.fullmatch(value)
    if match is None or not (match["first"] or match["last"]):
        raise BadQueryError("A date is written YYYYMMDD, a range YYYYMMDD-YYYYMMDD.")
    first, last = match["first"], match["last"]
    if not match["dash"]:
        if last:
            raise BadQueryError("The two dates of a range stand apart by a hyphen.")
        return Q(**{field: first})
    # An unknown date is not before or after anything.
    condition = Q(**{f"{field}__gte": first or "0"})
    return condition & Q(**{f"{field}__lte": last}) if last else condition


def _time_condition(value: str) -> Q:
    match = TIME_RANGE.fullmatch(value)
    if match is None or not (match["first"] or match["last"]):
        raise BadQueryError("A time is written HHMMSS, a range HHMMSS-HHMMSS.")
    first, last = match["first"], match["last"]
    if not match["dash"]:
        return Q(study_time__startswith=first)
    condition = Q(study_time__gte=first or "0")
    return condition & Q(study_time__lte=_end_of(last)) if last else condition


def _end_of(time: str) -> str:
    """Return the last moment of a time: 1015 as the end of a range is the whole minute.

    In digits alone: a database may sort other signs before or behind them, by its locale.
    """
    return time + LAST_MOMENT[len(time) :]
