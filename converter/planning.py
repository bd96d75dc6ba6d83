"""Which images belong together, and every UID and number before any of them is converted.

By default a folder becomes one study (converter/trees.py has the other rules); a volume is one
series; the plain images of a study that are alike are one series of photographs and one of other
pictures. UIDs derive from the project's key, the contents and the options: the same folder gives
the same instances again.
"""

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from converter.engine import Attributes, derive_uid
from converter.engine import is_slide as is_slide_file
from converter.label_maps import Drawn, references
from converter.options import (
    PATIENT_FIELDS,
    PHOTOGRAPH_MODALITY,
    VOLUME_KINDS,
    VOLUME_SWITCHES,
    ConvertOptions,
    with_patient,
)
from converter.places import Placed, place_sources
from converter.tables import Tables
from converter.trees import FOLDER
from pacs_portal.jobs.joining import AFTER, JOINS, JoinedStudy
from pacs_portal.jobs.steps import GivenIdentity, PlannedUnit, PlanValues, StepFile, Verdict

FILES_PER_UNIT = 100  # a larger folder is cut: its UIDs and numbers do not depend on the cut
_CAMERA_TAGS = (0x010F, 0x0110)  # EXIF Make and Model
_POSITION = "position "
REFERENCE, REFERENCE_CLASS = "reference", "reference class"
_NUMBERS = re.compile(r"(\d+)")

KeyedDigest = Callable[..., bytes]
PhotographTest = Callable[[Placed, ConvertOptions], bool]
SlideTest = Callable[[Placed], bool]


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


def plan_units(
    files: Sequence[StepFile],
    options: ConvertOptions,
    digest: KeyedDigest,
    tables: Tables | None = None,
    joining: Joining | None = None,
) -> tuple[list[PlannedUnit], list[Verdict]]:
    """Return the units of all studies, with every UID and number fixed, and early verdicts.

    `digest` is keyed by the project, so that nobody else can link a UID to a file.
    """
    places, verdicts = place_sources(in_order(files), options, tables or Tables())
    patients: dict[tuple[str, ...], str] = {}
    units: list[PlannedUnit] = []
    for placed in studies_of(places):
        seed = _study_seed(placed, options, digest)
        study = Study(seed, derive_uid(seed, "study"))
        identity = _given_identity(placed[0].attributes, study.study_instance_uid, patients)
        numbered = dict(enumerate(series_of(placed, options), start=1))
        volumes = {number: series.volume for number, series in numbered.items() if series.volume}
        drawn = references(volumes, options) if len(volumes) > 1 else {}
        for number, series in numbered.items():
            fixed = _reference_values(drawn.get(number))
            units += _series_units(study, number, series, identity, fixed)
    if joining is not None:
        units = [_joining_unit(unit, joining) for unit in units]
    return units, verdicts


def _joining_unit(unit: PlannedUnit, joining: Joining) -> PlannedUnit:
    """Return a unit whose images join a stored study, behind the series it has."""
    after = joining.series_before(str(unit.values["study"]))
    values = {**unit.values, JOINS: joining.study.study_instance_uid, AFTER: after}
    private = {**unit.private, **joining.study.private}
    return replace(unit, values=values, private=private, identity=None)


def in_order(files: Iterable[StepFile]) -> list[StepFile]:
    """Return files as people count: slice2 before slice10."""
    return sorted(files, key=_natural_order)


def studies_of(places: Iterable[Placed]) -> list[list[Placed]]:
    """Return what belongs to one study together."""
    studies: dict[tuple[object, ...], list[Placed]] = defaultdict(list)
    for placed in places:
        studies[placed.study].append(placed)
    return list(studies.values())


def becomes_slide(placed: Placed) -> bool:
    """Tell whether a source becomes the levels of a slide; looks into its file."""
    return bool(placed.source.parts) or is_slide_file(placed.source.file.path)


def series_of(
    study: Sequence[Placed],
    options: ConvertOptions,
    is_photograph: PhotographTest | None = None,
    is_slide: SlideTest = becomes_slide,
) -> Iterator[Series]:
    """Yield each volume and slide by itself, then photographs together, then other pictures."""
    is_photograph = is_photograph or _is_photograph
    pictures: dict[bool, dict[tuple[object, ...], list[Placed]]] = {
        True: defaultdict(list),
        False: defaultdict(list),
    }
    for placed in study:
        if placed.source.file.kind in VOLUME_KINDS:
            yield replace(_series([placed], is_photograph=False), volume=placed, is_whole=True)
        elif is_slide(placed):
            yield replace(_series([placed], is_photograph=False), is_whole=True)
        else:
            pictures[is_photograph(placed, options)][placed.series].append(placed)
    for photographs, groups in pictures.items():
        for alike in groups.values():
            yield _series(alike, is_photograph=photographs)


def _series(alike: Sequence[Placed], *, is_photograph: bool) -> Series:
    files = tuple(file for placed in alike for file in placed.source.files)
    return Series(files, is_photograph, alike[0].attributes, alike[0].modality)


def _study_seed(study: Sequence[Placed], options: ConvertOptions, digest: KeyedDigest) -> bytes:
    """Return what all UIDs of a study derive from: what was chosen, and the contents."""
    attributes = study[0].attributes
    chosen = {"modality": options.modality, "photograph": options.photograph, **asdict(attributes)}
    if options.no_faces:
        chosen["no_faces"] = True
    if options.volumes:
        chosen["volumes"] = options.volumes
    chosen |= {name: True for name in VOLUME_SWITCHES if getattr(options, name)}
    if options.overview:
        chosen["overview"] = True
    if options.study:
        chosen["joins"] = options.study
    if options.tree != FOLDER:
        chosen["tree"] = options.tree
    series = [placed.series for placed in study]
    if len(set(series)) > 1 or study[0].modality != options.modality:
        chosen["series"] = series
    contents = _content_digests([file.path for one in study for file in one.source.files])
    return digest(b"study", json.dumps(chosen, sort_keys=True).encode(), *contents)


def _reference_values(drawn: Drawn | None) -> PlanValues:
    """Return what the unit of a label map keeps of the images it was drawn on."""
    return {REFERENCE: drawn.number, REFERENCE_CLASS: drawn.sop_class_uid} if drawn else {}


def _series_units(
    study: Study, number: int, series: Series, identity: GivenIdentity, drawn: PlanValues
) -> Iterator[PlannedUnit]:
    fixed: dict[str, str | int] = {
        **drawn,
        "study": study.study_instance_uid,
        "series": series_uid(study.seed, number),
        "series_number": number,
        "seed": study.seed.hex(),
        "photograph": int(series.is_photograph),
    }
    given = {name: value for name, value in asdict(series.attributes).items() if value}
    private = {"attributes": given, "modality": series.modality}
    size = len(series.files) if series.is_whole else FILES_PER_UNIT
    for start in range(0, len(series.files), size):
        chunk = series.files[start : start + size]
        positions = {
            position_name(file): position for position, file in enumerate(chunk, start=start + 1)
        }
        yield PlannedUnit(chunk, {**fixed, **positions}, identity, private)


def series_uid(study_seed: bytes, number: int) -> str:
    """Return the UID of the series `number` of a study."""
    return derive_uid(study_seed, "series", str(number))


def source_seed(study_seed: bytes, number: int, position: int) -> bytes:
    """Return the seed for all UIDs of a source: its series' number, its position in it."""
    return hashlib.sha256(study_seed + f"{number} {position}".encode()).digest()


def position_name(file: StepFile) -> str:
    """Return under which name a unit keeps the file's position in its series."""
    return f"{_POSITION}{file.receipt_ids[0]}"


def position_count(values: PlanValues) -> int:
    """Return how many files a unit was planned with."""
    return sum(name.startswith(_POSITION) for name in values)


def _given_identity(
    attributes: Attributes, study_instance_uid: str, patients: dict[tuple[str, ...], str]
) -> GivenIdentity:
    """Return whom the registry has to look for.

    An ID alone recognizes nobody in another study, so all studies of one patient in one plan go
    by the UID of the first: she gets one pseudonym, and nobody of another job gets the same.
    """
    patient = with_patient(attributes, study_instance_uid)
    key = tuple(getattr(patient, name) for name in PATIENT_FIELDS)
    return GivenIdentity(
        patient_id=patient.patient_id,
        name=patient.patient_name,
        birth_date=patient.patient_birth_date,
        sex=patient.patient_sex,
        study_instance_uid=patients.setdefault(key, study_instance_uid),
    )


def _natural_order(file: StepFile) -> tuple[tuple[int, int | str], ...]:
    """Sort slice2 before slice10."""
    parts = _NUMBERS.split(str(file.relative_path))
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)


def _content_digests(paths: Sequence[Path]) -> list[bytes]:
    """Return the digests of files; hashing runs outside of Python's lock, so on every core."""
    with ThreadPoolExecutor(min(len(paths), os.cpu_count() or 1)) as pool:
        return list(pool.map(_content_digest, paths))


def _content_digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _is_photograph(placed: Placed, options: ConvertOptions) -> bool:
    known = stated_photograph(placed, options)
    if known is not None:
        return known
    return names_a_camera(placed.source.file.path)


def stated_photograph(placed: Placed, options: ConvertOptions) -> bool | None:
    """Tell whether a picture is a photograph, None where only the file itself can say so."""
    if options.photograph is not None:
        return options.photograph
    if placed.modality:
        return placed.modality == PHOTOGRAPH_MODALITY
    return None if placed.source.file.kind == "jpeg" else False


def names_a_camera(path: Path) -> bool:
    """Tell whether the EXIF data of a JPEG name the camera; damaged ones name none."""
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG"]) as image:
            exif = image.getexif()
            return any(exif.get(tag) for tag in _CAMERA_TAGS)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError):
        return False
