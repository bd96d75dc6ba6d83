"""A file of some format, and what an independent reader finds in it."""

import io
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, ImageSequence

# The makers of samples lie beside the tests of the engine.
sys.path.append(str(Path(__file__).parents[1] / "converter" / "engine"))

Reader = Callable[[bytes], np.ndarray]


@dataclass(frozen=True)
class Sample:
    """One row of the page: `expected` reads the pixels as `reader` sees them, frames first.

    `is_scaled` says that the pixels are compared after slope and intercept, to half a step; of a
    slide (`is_slide`) the tiles of the finest level are. `options` are those of the engine.
    """

    kind: str
    variant: str
    data: bytes
    reader: str
    expected: Reader
    is_photograph: bool = False
    is_scaled: bool = False
    is_slide: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A file that is not converted: what it is, and its content."""

    what: str
    data: bytes


def pillow(mode: str) -> Reader:
    """Return a reader by Pillow in one of its modes, upright."""
    return lambda data: np.asarray(ImageOps.exif_transpose(opened(data)).convert(mode))


def pillow_on_white(data: bytes) -> np.ndarray:
    """Read with alpha laid on white."""
    image = opened(data).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def pillow_frames(mode: str) -> Reader:
    """Return a reader of all pictures of an animation."""
    return lambda data: np.stack(
        [np.asarray(frame.convert(mode)) for frame in ImageSequence.Iterator(opened(data))]
    )


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))
