"""Whose each image is and where it belongs.

What counts comes in this order: the form, a table named by the person, a table beside the files,
the folders' names, and a placeholder for whoever has no name at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from converter.cells import MODALITY, SERIES, STUDY
from converter.engine import Attributes
from converter.engine.errors import gettext_noop as _
from converter.options import ConvertOptions
from converter.pairs import Source, paired
from converter.tables import ATTRIBUTES, WRONG_ROW, Tables
from converter.trees import place_of
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile, Verdict
from pacs_portal.jobs.verdicts import verdicts_on

NAMES_ANOTHER = _(
    "These images join a study, which says itself whose it is. Leave patient and study out of "
    "form and table, or choose no study."
)
_STUDY_NAMES = sorted(ATTRIBUTES - {"body_part", "laterality"})
OF_SERIES = ("body_part", "laterality")  # a study may have both hands, in two series


class PlaceError(Exception):
    """A source has no place; the text is a sentence for receipts."""


@dataclass(frozen=True, repr=False)
class Placed:
    """A source with its attributes; equal `study` means one study, equal `series` one series."""

    source: Source
    study: tuple[object, ...]
    series: tuple[object, ...]
    attributes: Attributes
    modality: str
    lacks_folder: bool = False  # the rule expects a patient's folder above


def place_sources(
    files: Sequence[StepFile], options: ConvertOptions, tables: Tables
) -> tuple[list[Placed], list[Verdict]]:
    """Return every source in its place, and verdicts on those whose row in a table is wrong."""
    places: list[Placed] = []
    verdicts: list[Verdict] = []
    for source in paired(files):
        row = tables.row_for(source.file.relative_path)
        if row is not None and row.problem:
            verdicts += verdicts_on(source.whole, Outcome.FAILED, "attributes", WRONG_ROW, "plan")
            continue
        try:
            places.append(_placed(source, options, row.values if row else {}))
        except PlaceError as error:
            stage = "plan"
            verdicts += verdicts_on(source.whole, Outcome.FAILED, "attributes", str(error), stage)
    return places, verdicts


def _placed(source: Source, options: ConvertOptions, beside: Mapping[str, str]) -> Placed:
    path = source.file.relative_path
    values = _over(beside, options.row_of(path))
    values = _over(values, options.form)
    if options.study:
        return _joining(source, options, values)
    tree = place_of(path, options.tree)
    if not _names_patient(values) and tree.patient:
        values["patient_id"] = tree.patient
    attributes = Attributes(**{k: v for k, v in values.items() if k in ATTRIBUTES})
    modality = options.modality or values.get(MODALITY, "")
    named = values.get(STUDY, "")
    folders: tuple[object, ...] = ("named", named) if named else ("in", tree.study)
    return Placed(
        source=source,
        study=(*folders, *_of_study(attributes)),
        series=(tree.series, values.get(SERIES, ""), modality, *_of_series(attributes)),
        attributes=attributes,
        modality=modality,
        lacks_folder=options.names_patients and not _names_patient(values),
    )


def _joining(source: Source, options: ConvertOptions, values: Mapping[str, str]) -> Placed:
    """Return the place of a source in a stored study, which says itself whose it is."""
    of_series = {*OF_SERIES, SERIES, MODALITY}
    if any(name not in of_series for name in values):
        raise PlaceError(NAMES_ANOTHER)
    attributes = Attributes(**{name: values.get(name, "") for name in OF_SERIES})
    modality = options.modality or values.get(MODALITY, "")
    folder = place_of(source.file.relative_path, options.tree).series
    series = (folder, values.get(SERIES, ""), modality, *_of_series(attributes))
    return Placed(source, (), series, attributes, modality)


def _over(weaker: Mapping[str, str], stronger: Mapping[str, str]) -> dict[str, str]:
    """Return both together; who names a patient leaves nothing of another one."""
    if _names_patient(stronger):
        weaker = {k: v for k, v in weaker.items() if not k.startswith("patient_")}
    return {**weaker, **stronger}


def _names_patient(values: Mapping[str, str]) -> bool:
    return bool(values.get("patient_id") or values.get("patient_name"))


def _of_study(attributes: Attributes) -> Iterator[str]:
    return (getattr(attributes, name) for name in _STUDY_NAMES)


def _of_series(attributes: Attributes) -> Iterator[str]:
    return (getattr(attributes, name) for name in OF_SERIES)
