"""Pictures with lines of text that stand at known places, and pictures without any.

The backgrounds are generated: what scanners, ultrasound devices and cameras show, roughly. Names,
numbers and dates are planted in several fonts, sizes, colors and directions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Draw = Callable[[tuple[int, int], np.random.Generator], np.ndarray]
Pixels = np.ndarray  # uint8, (rows, columns) or (rows, columns, 3)

FONTS_DIR = Path("/usr/share/fonts/truetype")
FONTS = (
    "dejavu/DejaVuSans.ttf",
    "dejavu/DejaVuSans-Bold.ttf",
    "dejavu/DejaVuSansMono.ttf",
    "dejavu/DejaVuSerif.ttf",
    "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationMono-Regular.ttf",
    "liberation/LiberationSerif-Regular.ttf",
)
BITMAP, STROKES = "a bitmap font", "a font of strokes"  # of old devices; need no font files
TEXTS = (
    *(
        "MUELLER, HANS",
        "Meyer^Anna",
        "SCHMIDT KARL-HEINZ",
        "Özil, Güler",
        "Dr. Weber",
        "St. Marien",
    ),
    *("12.04.1956", "1978-11-03", "14:32:08", "F 067Y"),
    *("ID 4711-0815", "PAT 0093482", "ACC:20240117334"),
)
SIZES = (12, 12, 13, 14, 16, 18, 20, 24, 30, 40)  # pixels; small ones more often
DIRECTIONS = (0, 0, 0, 90, 270)
COLORS = ((255, 255, 255), (0, 0, 0), (255, 255, 0), (0, 255, 0), (255, 80, 80), (200, 200, 200))
SHAPES = ((512, 512), (480, 640), (600, 800), (768, 1024))
LEAST_CONTRAST = 2.0  # between letters and background, in deviations of the background
_LARGEST_SOFT = 128  # of the letter's mask: where it is more letter than background


@dataclass(frozen=True)
class Line:
    """A line of text in a picture: where its letters are, and what they are."""

    mask: Pixels  # bool, of the whole picture
    text: str
    font: str
    size: int
    direction: int


@dataclass(frozen=True)
class Planted:
    """A picture with lines of text."""

    pixels: Pixels
    background: str
    lines: tuple[Line, ...]


def background(kind: str, shape: tuple[int, int], random: np.random.Generator) -> Pixels:
    """Return a picture without text."""
    drawn = DRAWN.get(kind)
    values = drawn(shape, random) if drawn else np.full(shape, FLAT[kind])
    gray = np.clip(values, 0, 255).astype(np.uint8)
    if kind == "photograph":
        return np.stack([gray, gray // 10 * 8, gray // 10 * 7], axis=-1)
    return gray


def _ct(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    return _body(shape, random) + random.normal(0, 8, shape)


def _mr(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    return _body(shape, random) + random.normal(0, 14, shape)


def _body(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    x, y = _axes(shape)
    body = (x / 0.4) ** 2 + (y / 0.33) ** 2 < 1
    values = np.where(body, 100 + 25 * _clouds(random, shape, 40), 2)
    for _ in range(6):
        left, top, radius = (*random.uniform(-0.2, 0.2, 2), random.uniform(0.02, 0.1))
        organ = (x - left) ** 2 + (y - top) ** 2 < radius**2
        values = np.where(organ, random.uniform(20, 250), values)
    return values


def _ultrasound(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    x, y = _axes(shape)
    depth, angle = np.hypot(x, y + 0.5), np.arctan2(x, y + 0.5)
    sector = (abs(angle) < 0.5) & (depth > 0.08) & (depth < 0.95)
    speckle = random.rayleigh(0.6, (shape[0] // 2 + 1, shape[1] // 2 + 1))
    tissue = 90 + 50 * _clouds(random, shape, 24) + 20 * _clouds(random, shape, 90)
    return np.where(sector, np.clip(tissue, 5, 250) * _resized(speckle, shape), 0)


def _x_ray(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    x, y = _axes(shape)
    values = 120 + 60 * _clouds(random, shape, max(shape) // 3) + 20 * _clouds(random, shape, 60)
    for rib in range(7):
        middle = 0.1 * rib - 0.35 + 0.1 * np.cos(3 * x)
        values = values + 40 * np.exp(-(((y - middle) / 0.018) ** 2))
    return values + random.normal(0, 5, shape)


def _photograph(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    skin = 150 + 40 * _clouds(random, shape, 150) + 12 * _clouds(random, shape, 12)
    return skin + random.normal(0, 4, shape)


def _texture(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    x, y = _axes(shape)
    waves = np.sin(x * 90 + 3 * np.sin(y * 20)) * np.sin(y * 70)
    return 128 + 60 * waves + 20 * _clouds(random, shape, 8)


FLAT = {"black": 0.0, "white": 255.0, "gray": 128.0}
DRAWN: dict[str, Draw] = {
    "ct": _ct,
    "mr": _mr,
    "ultrasound": _ultrasound,
    "x-ray": _x_ray,
    "photograph": _photograph,
    "texture": _texture,
}
BACKGROUNDS = (*FLAT, *DRAWN)


def letters(text: str, font: str, size: int, direction: int) -> Pixels:
    """Return how much of each pixel a line of text covers, 0 to 255, without a margin."""
    if font == STROKES:
        scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, max(9, round(size * 0.72)), 1)
        (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        drawn = np.zeros((height + below + 4, width + 4), np.uint8)
        cv2.putText(drawn, text, (2, height + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1)
        image = Image.fromarray(drawn)
    else:
        is_bitmap = font == BITMAP
        face = (
            ImageFont.load_default_imagefont()
            if is_bitmap
            else ImageFont.truetype(FONTS_DIR / font, size)
        )
        box = [round(side) for side in face.getbbox(text)]
        image = Image.new("L", (box[2] + 2, box[3] + 2))
        ImageDraw.Draw(image).text((0, 0), text, 255, font=face)
        factor = max(1, round(size / 11)) if is_bitmap else 1
        image = image.resize(
            (image.width * factor, image.height * factor), Image.Resampling.NEAREST
        )
    cut = image.crop(image.getbbox())
    return np.asarray(cut.rotate(direction, expand=True))


def plant(pixels: Pixels, cover: Pixels, left: int, top: int, color: tuple[int, ...]) -> Pixels:
    """Draw a line of text into a picture, and return the mask of its letters."""
    rows, columns = cover.shape
    part = pixels[top : top + rows, left : left + columns]
    share = cover[..., None] / 255 if pixels.ndim == 3 else cover / 255
    ink = np.array(color) if pixels.ndim == 3 else np.mean(color)
    part[:] = np.round(part * (1 - share) + ink * share)
    mask = np.zeros(pixels.shape[:2], bool)
    mask[top : top + rows, left : left + columns] = cover > _LARGEST_SOFT
    return mask


def planted_pictures(count: int, seed: int, fonts: Sequence[str] = FONTS) -> Iterator[Planted]:
    """Yield pictures with up to three lines each, all of which a person can read."""
    random = np.random.default_rng(seed)
    fonts = (*fonts, BITMAP, STROKES)
    for number in range(count):
        kind = BACKGROUNDS[number % len(BACKGROUNDS)]
        pixels = background(kind, SHAPES[random.integers(len(SHAPES))], random)
        if pixels.ndim == 2 and random.random() < 0.3:
            pixels = np.stack([pixels] * 3, axis=-1)
        lines: list[Line] = []
        for _ in range(random.integers(1, 4)):
            text, font = TEXTS[random.integers(len(TEXTS))], fonts[random.integers(len(fonts))]
            size = SIZES[random.integers(len(SIZES))]
            direction = DIRECTIONS[random.integers(len(DIRECTIONS))]
            cover = letters(text, font, size, direction)
            line = _added(pixels, cover, lines, random)
            if line is not None:
                lines.append(Line(line, text, font, size, direction))
        yield Planted(pixels, kind, tuple(lines))


def clean_pictures(count: int, seed: int) -> Iterator[tuple[str, Pixels]]:
    """Yield pictures without text, with the names of their backgrounds."""
    random = np.random.default_rng(seed)
    for number in range(count):
        kind = BACKGROUNDS[number % len(BACKGROUNDS)]
        yield kind, background(kind, SHAPES[random.integers(len(SHAPES))], random)


def _added(
    pixels: Pixels, cover: Pixels, lines: list[Line], random: np.random.Generator
) -> Pixels | None:
    """Plant a line where it fits, beside the others and legibly, often at an edge."""
    (rows, columns), (height, width) = pixels.shape[:2], cover.shape
    if height >= rows or width >= columns:
        return None
    left, top = random.integers(columns - width + 1), random.integers(rows - height + 1)
    if random.random() < 0.3:
        left, top = ((0, top), (columns - width, top), (left, 0), (left, rows - height))[
            random.integers(4)
        ]
    around = np.zeros((rows, columns), bool)
    around[max(0, top - 6) : top + height + 6, max(0, left - 6) : left + width + 6] = True
    if any((line.mask & around).any() for line in lines):
        return None
    before = pixels[top : top + height, left : left + width].astype(float)
    for index in random.permutation(len(COLORS)):
        color = COLORS[index] if pixels.ndim == 3 else (int(np.mean(COLORS[index])),) * 3
        if _contrast(before, cover, color) >= LEAST_CONTRAST:
            return plant(pixels, cover, int(left), int(top), color)
    return None


def _contrast(before: np.ndarray, cover: Pixels, color: tuple[int, ...]) -> float:
    """Return how far letters stand out of a part of a picture, in its deviations."""
    gray = before.mean(axis=-1) if before.ndim == 3 else before
    ink = cover > _LARGEST_SOFT
    return float(abs(np.mean(color) - gray[ink].mean()) / (gray.std() + 12))


def _axes(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of each pixel, from -0.5 to 0.5."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return x / shape[1] - 0.5, y / shape[0] - 0.5


def _clouds(random: np.random.Generator, shape: tuple[int, int], size: int) -> np.ndarray:
    coarse = random.normal(size=(max(2, shape[0] // size + 2), max(2, shape[1] // size + 2)))
    return _resized(coarse, shape)


def _resized(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
