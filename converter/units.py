"""The units of a plan: what each keeps of UIDs, numbers and positions, and how it is read back.

A label map shares the unit of the volume that it was drawn on: it names the volume's images, so it
is converted after them, and only if they came to be.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from converter.engine import Attributes, derive_uid
from converter.label_maps import Drawn
from converter.places import Placed
from pacs_portal.jobs.joining import AFTER, JOINS, JoinedStudy
from pacs_portal.jobs.steps import GivenIdentity, PlannedUnit, PlanValues, StepFile

FILES_PER_UNIT = 100  # a larger folder is cut: its UIDs and numbers do not depend on the cut
REFERENCE, REFERENCE_CLASS = "reference", "reference class"
SOURCES = "sources"
LABEL_MAPS = "label maps"
_POSITION = "position "


@dataclass(frozen=True)
class Joining:
    """A stored study that all images join, and how many series come before theirs."""

    study: JoinedStudy
    series_before: Callable[[str], int]  # by the UID of the study that they would be


@dataclass(frozen=True)
class Study:
    """A study: the secret seed of its UIDs, and its UID."""

    seed: bytes
    study_instance_uid: str


@dataclass(frozen=True, repr=False)
class Series:
    """Files in order whose instances become one series, and what is said of them."""

    files: tuple[StepFile, ...]
    is_photograph: bool
    attributes: Attributes
    modality: str
    volume: Placed | None = None
    is_whole: bool = False  # its files are worked on together


def series_units(
    study: Study, number: int, series: Series, identity: GivenIdentity, drawn: Drawn | None
) -> Iterator[PlannedUnit]:
    """Yield the units of a series; `drawn` is what a label map was drawn on."""
    fixed: dict[str, str | int] = {
        "study": study.study_instance_uid,
        "series": series_uid(study.seed, number),
        "series_number": number,
        "seed": study.seed.hex(),
        "photograph": int(series.is_photograph),
    }
    if not series.is_whole:
        fixed[SOURCES] = len(series.files)
    if drawn:
        fixed |= {REFERENCE: drawn.number, REFERENCE_CLASS: drawn.sop_class_uid}
    given = {name: value for name, value in asdict(series.attributes).items() if value}
    private = {"attributes": given, "modality": series.modality}
    size = len(series.files) if series.is_whole else FILES_PER_UNIT
    for start in range(0, len(series.files), size):
        chunk = series.files[start : start + size]
        positions = {
            position_name(file): position for position, file in enumerate(chunk, start=start + 1)
        }
        yield PlannedUnit(chunk, {**fixed, **positions}, identity, private)


def joining_unit(unit: PlannedUnit, joining: Joining) -> PlannedUnit:
    """Return a unit whose images join a stored study, behind the series it has."""
    after = joining.series_before(str(unit.values["study"]))
    values = {**unit.values, JOINS: joining.study.study_instance_uid, AFTER: after}
    private = {**unit.private, **joining.study.private}
    return replace(unit, values=values, private=private, identity=None)


def with_label_maps(
    units: Mapping[int, Sequence[PlannedUnit]], drawn: Mapping[int, Drawn]
) -> Iterator[PlannedUnit]:
    """Yield the units of a study, by series number, each label map in that of its volume."""
    label_maps: dict[int, list[PlannedUnit]] = defaultdict(list)
    for number, volume in drawn.items():
        label_maps[volume.number] += units[number]
    for number, of_series in units.items():
        if number not in drawn:
            yield from (_holding(unit, label_maps[number]) for unit in of_series)


def _holding(unit: PlannedUnit, label_maps: Sequence[PlannedUnit]) -> PlannedUnit:
    if not label_maps:
        return unit
    kept = [{"values": dict(one.values), "private": dict(one.private)} for one in label_maps]
    files = tuple(file for one in (unit, *label_maps) for file in one.files)
    return replace(unit, files=files, private={**unit.private, LABEL_MAPS: kept})


def series_uid(study_seed: bytes, number: int) -> str:
    """Return the UID of the series `number` of a study."""
    return derive_uid(study_seed, "series", str(number))


def source_seed(study_seed: bytes, number: int, position: int) -> bytes:
    """Return the seed for all UIDs of a source: its series' number, its position in it."""
    return hashlib.sha256(study_seed + f"{number} {position}".encode()).digest()


def position_name(file: StepFile) -> str:
    """Return under which name a unit keeps the file's position in its series."""
    return f"{_POSITION}{file.receipt_ids[0]}"


def planned_receipts(values: PlanValues) -> frozenset[int]:
    """Return which files a unit was planned with, by their receipts."""
    names = (name for name in values if name.startswith(_POSITION))
    return frozenset(int(name.removeprefix(_POSITION)) for name in names)
