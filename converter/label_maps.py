"""Which volumes of a folder are label maps by name, and on which images they were drawn."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from converter.engine import ConversionError
from converter.options import ConvertOptions
from converter.pairs import Source, stem_of
from converter.places import Placed
from pacs_portal.jobs.steps import StepFile

if TYPE_CHECKING:
    from converter.engine.sources.nifti_grid import Grid

_NAMED = re.compile(r"(?:.*[^a-z])?(?:dseg|seg|segmentation|labels?|labelmap|mask)", re.IGNORECASE)


@dataclass(frozen=True)
class Volume:
    """A volume of a folder, and the number of its series."""

    source: Source
    number: int
    grid: "Grid"
    is_label_map: bool


@dataclass(frozen=True)
class Drawn:
    """The series that a label map was drawn on: its number, and the class of its images."""

    number: int
    sop_class_uid: str


def is_named_label_map(file: StepFile) -> bool:
    """Tell whether the name of a volume says that it holds labels, as BIDS and 3D Slicer do."""
    return _NAMED.fullmatch(stem_of(file)[1]) is not None


def references(volumes: Mapping[int, Placed], options: ConvertOptions) -> dict[int, Drawn]:
    """Return for label maps, by the number of their series, which series they were drawn on.

    It is the volume of the same grid beside it whose name begins alike. A volume whose header is
    refused has no part in it.
    """
    if options.volumes:
        return {}  # all are images, or none is
    read = (_read(number, placed, options) for number, placed in volumes.items())
    known = [volume for volume in read if volume]
    images = [volume for volume in known if not volume.is_label_map and volume.grid.sop_class_uid]
    found = {}
    for volume in known:
        alike = [image for image in images if image.grid.is_like(volume.grid)]
        if volume.is_label_map and alike:
            best = max(alike, key=lambda image: _shared(image, volume))
            found[volume.number] = Drawn(best.number, best.grid.sop_class_uid)
    return found


def _read(number: int, placed: Placed, options: ConvertOptions) -> Volume | None:
    from converter.engine.sources.nifti_grid import read_grid  # seldom needed, slow to load

    source = placed.source
    try:
        chosen = options.engine_options(is_photograph=False, modality=placed.modality)
        sidecar = source.sidecar.path if source.sidecar else None
        grid = read_grid(source.file.path, replace(chosen, sidecar=sidecar))
    except (ConversionError, OSError):
        return None
    is_label_map = grid.is_label_map or is_named_label_map(source.file)
    return Volume(source, number, grid, is_label_map)


def _shared(image: Volume, labels: Volume) -> int:
    """Return how many letters both names begin with."""
    names = (stem_of(volume.source.file)[1] for volume in (image, labels))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*names, strict=False)))
