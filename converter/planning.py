"""Which images belong together, and every UID and number before any of them is converted.

A folder becomes one study (more where a table names more patients); a volume one series; the
plain images of a study one series of photographs and one of other pictures. UIDs derive from the
project's key, the contents and the options: the same folder gives the same instances again.
"""

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from converter.engine import Attributes, derive_uid
from converter.label_maps import Drawn, references
from converter.options import (
    PHOTOGRAPH_MODALITY,
    VOLUME_KINDS,
    VOLUME_SWITCHES,
    ConvertOptions,
    with_patient,
)
from converter.pairs import Source, paired
from pacs_portal.jobs.steps import GivenIdentity, PlannedUnit, PlanValues, StepFile

FILES_PER_UNIT = 100  # a larger folder is cut: its UIDs and numbers do not depend on the cut
_CAMERA_TAGS = (0x010F, 0x0110)  # EXIF Make and Model
_POSITION = "position "
REFERENCE, REFERENCE_CLASS = "reference", "reference class"
_NUMBERS = re.compile(r"(\d+)")

KeyedDigest = Callable[..., bytes]


@dataclass(frozen=True)
class Study:
    """A study: the secret seed of its UIDs, and its UID."""

    seed: bytes
    study_instance_uid: str


@dataclass(frozen=True)
class Series:
    """Files in order whose instances become one series."""

    files: tuple[StepFile, ...]
    is_photograph: bool
    volume: Source | None = None


def plan_units(
    files: Sequence[StepFile], options: ConvertOptions, digest: KeyedDigest
) -> Iterator[PlannedUnit]:
    """Yield the units of all folders, with every UID and number fixed.

    `digest` is keyed by the project, so that nobody else can link a UID to a file.
    """
    studies: dict[tuple[PurePosixPath, Attributes], list[StepFile]] = defaultdict(list)
    for file in sorted(files, key=_natural_order):
        attributes = options.attributes_of(file.relative_path)
        studies[file.relative_path.parent, attributes].append(file)
    for (_, attributes), study_files in studies.items():
        seed = _study_seed(study_files, attributes, options, digest)
        study = Study(seed, derive_uid(seed, "study"))
        identity = _given_identity(attributes, study.study_instance_uid)
        numbered = dict(enumerate(_series(study_files, options), start=1))
        volumes = {number: some.volume for number, some in numbered.items() if some.volume}
        drawn = references(volumes, options) if len(volumes) > 1 else {}
        for number, series in numbered.items():
            fixed = _reference_values(drawn.get(number))
            yield from _series_units(study, number, series, identity, fixed)


def _study_seed(
    files: Sequence[StepFile],
    attributes: Attributes,
    options: ConvertOptions,
    digest: KeyedDigest,
) -> bytes:
    chosen = {"modality": options.modality, "photograph": options.photograph, **asdict(attributes)}
    if options.no_faces:
        chosen["no_faces"] = True
    if options.volumes:
        chosen["volumes"] = options.volumes
    chosen |= {name: True for name in VOLUME_SWITCHES if getattr(options, name)}
    contents = _content_digests([file.path for file in files])
    return digest(b"study", json.dumps(chosen, sort_keys=True).encode(), *contents)


def _series(files: Sequence[StepFile], options: ConvertOptions) -> Iterator[Series]:
    """Yield each volume by itself, then photographs together, then other pictures."""
    pictures: dict[bool, list[StepFile]] = {True: [], False: []}
    for source in paired(files):
        if source.file.kind in VOLUME_KINDS:
            yield Series(source.files, is_photograph=False, volume=source)
        else:
            pictures[_is_photograph(source.file, options)].append(source.file)
    for is_photograph, alike in pictures.items():
        if alike:
            yield Series(tuple(alike), is_photograph)


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
    for start in range(0, len(series.files), FILES_PER_UNIT):
        chunk = series.files[start : start + FILES_PER_UNIT]
        positions = {
            position_name(file): position for position, file in enumerate(chunk, start=start + 1)
        }
        yield PlannedUnit(files=chunk, values={**fixed, **positions}, identity=identity)


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


def _given_identity(attributes: Attributes, study_instance_uid: str) -> GivenIdentity:
    """Return whom the registry has to look for."""
    patient = with_patient(attributes, study_instance_uid)
    return GivenIdentity(
        patient_id=patient.patient_id,
        name=patient.patient_name,
        birth_date=patient.patient_birth_date,
        sex=patient.patient_sex,
        study_instance_uid=study_instance_uid,
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


def _is_photograph(file: StepFile, options: ConvertOptions) -> bool:
    if options.photograph is not None:
        return options.photograph
    if options.modality:
        return options.modality == PHOTOGRAPH_MODALITY
    return file.kind == "jpeg" and _names_a_camera(file.path)


def _names_a_camera(path: Path) -> bool:
    """Tell whether the EXIF data of a JPEG name the camera; damaged ones name none."""
    from PIL import Image

    try:
        with Image.open(path, formats=["JPEG"]) as image:
            exif = image.getexif()
            return any(exif.get(tag) for tag in _CAMERA_TAGS)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError):
        return False
