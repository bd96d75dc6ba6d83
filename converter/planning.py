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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from converter.engine import Attributes, derive_uid
from converter.engine import is_slide as is_slide_file
from converter.label_maps import Drawn, is_named_label_map, references
from converter.options import (
    PATIENT_FIELDS,
    VOLUME_KINDS,
    VOLUME_SWITCHES,
    ConvertOptions,
    with_patient,
)
from converter.photographs import is_photograph
from converter.places import Placed, place_sources
from converter.tables import Tables
from converter.trees import FOLDER
from converter.units import Joining, Series, Study, joining_unit, series_units, with_label_maps
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import GivenIdentity, PlannedUnit, StepFile, Verdict
from pacs_portal.jobs.verdicts import UNREADABLE, verdicts_on

_NUMBERS = re.compile(r"(\d+)")

KeyedDigest = Callable[..., bytes]
PhotographTest = Callable[[Placed, ConvertOptions], bool]
SlideTest = Callable[[Placed], bool]


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
    contents = _content_digests([file.path for one in places for file in one.source.files])
    places, unreadable = _readable(places, contents)
    verdicts += unreadable
    patients: dict[tuple[str, ...], str] = {}
    units: list[PlannedUnit] = []
    for placed in studies_of(places):
        numbered = dict(enumerate(series_of(placed, options), start=1))
        volumes = {number: series.volume for number, series in numbered.items() if series.volume}
        drawn = references(volumes, options) if len(volumes) > 1 else {}
        told_by_names = _told_by_names(volumes, drawn, options)
        seed = _study_seed(placed, options, digest, told_by_names, contents)
        study = Study(seed, derive_uid(seed, "study"))
        identity = _given_identity(placed[0].attributes, study.study_instance_uid, patients)
        of_study = {
            number: list(series_units(study, number, series, identity, drawn.get(number)))
            for number, series in numbered.items()
        }
        if joining is not None:
            of_study = {
                number: [joining_unit(unit, joining) for unit in some]
                for number, some in of_study.items()
            }
        units += with_label_maps(of_study, drawn)
    return units, verdicts


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
    is_photograph: PhotographTest = is_photograph,
    is_slide: SlideTest = becomes_slide,
) -> Iterator[Series]:
    """Yield each volume and slide by itself, then photographs together, then other pictures."""
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


def _told_by_names(
    volumes: Mapping[int, Placed], drawn: Mapping[int, Drawn], options: ConvertOptions
) -> dict[str, object]:
    """Return what names of files decide: other images have other UIDs, whatever the contents."""
    if options.volumes:
        return {}
    named = [n for n, placed in volumes.items() if is_named_label_map(placed.source.file)]
    numbers = sorted((number, volume.number) for number, volume in drawn.items())
    return ({"named": named} if named else {}) | ({"drawn": numbers} if numbers else {})


def _study_seed(
    study: Sequence[Placed],
    options: ConvertOptions,
    digest: KeyedDigest,
    told_by_names: Mapping[str, object],
    contents: Mapping[Path, bytes],
) -> bytes:
    """Return what all UIDs of a study derive from: what was chosen, and the contents."""
    attributes = study[0].attributes
    chosen = {"modality": options.modality, "photograph": options.photograph, **asdict(attributes)}
    chosen |= told_by_names
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
    of_study = [contents[file.path] for one in study for file in one.source.files]
    return digest(b"study", json.dumps(chosen, sort_keys=True).encode(), *of_study)


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


def _readable(
    places: Iterable[Placed], contents: Mapping[Path, bytes]
) -> tuple[list[Placed], list[Verdict]]:
    """Return the sources whose files could all be read, and verdicts on the others."""
    readable: list[Placed] = []
    verdicts: list[Verdict] = []
    for placed in places:
        if all(file.path in contents for file in placed.source.files):
            readable.append(placed)
        else:
            failed = (Outcome.FAILED, "unreadable", UNREADABLE, "plan")
            verdicts += verdicts_on(placed.source.whole, *failed)
    return readable, verdicts


def _content_digests(paths: Sequence[Path]) -> dict[Path, bytes]:
    """Return the digests of the files that can be read.

    Hashing runs outside of Python's lock, so on every core.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        digests = pool.map(_content_digest, paths)
        return {path: digest for path, digest in zip(paths, digests, strict=True) if digest}


def _content_digest(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return b""
