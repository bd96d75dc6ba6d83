"""Letters are drawn into generated tissue; where they stand is known."""

import numpy as np
import pytest

from pseudonymizer.engine import Box
from pseudonymizer.engine.burned_in import strokes
from pseudonymizer.engine.burned_in.strokes import places_of_letters
from tests.bench.planted_text import STROKES, background, letters, plant

TISSUE = ("ct", "mr", "ultrasound")


def held(pixels: np.ndarray) -> np.ndarray:
    """Return which pixels lie in a place."""
    inside = np.zeros(pixels.shape[:2], bool)
    for box in places_of_letters(pixels):
        inside[box.top : box.bottom, box.left : box.right] = True
    return inside


@pytest.mark.parametrize("kind", TISSUE)
@pytest.mark.parametrize("size", [12, 20, 40])
@pytest.mark.parametrize("direction", [0, 90])
def test_a_line_in_tissue_lies_in_a_place(kind: str, size: int, direction: int):
    pixels = background(kind, (512, 640), np.random.default_rng(7))
    cover = letters("MUELLER 1956", STROKES, size, direction)
    top, left = (512 - cover.shape[0]) // 2, (640 - cover.shape[1]) // 2
    mask = plant(pixels, cover, left, top, (255,) * 3)
    assert held(pixels)[mask].mean() > 0.9


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (80, 200, 80), (120, 120, 0)])
def test_dark_bright_and_colored_letters_are_the_same(color: tuple[int, int, int]):
    pixels = np.full((200, 300, 3), (80, 80, 80), np.uint8)
    mask = plant(pixels, letters("MUELLER 1956", STROKES, 12, 0), 90, 90, color)
    assert held(pixels)[mask].mean() > 0.9


@pytest.mark.parametrize(("kind", "most"), [("ct", 0.1), ("mr", 0.1), ("ultrasound", 0.35)])
def test_tissue_without_letters_has_few_places(kind: str, most: float):
    pixels = background(kind, (512, 640), np.random.default_rng(8))
    assert held(pixels).mean() < most


@pytest.mark.parametrize("value", [200, 255])
@pytest.mark.parametrize("direction", [0, 90])
def test_a_line_comes_before_the_places_of_speckle(value: int, direction: int):
    pixels = background("ultrasound", (600, 800), np.random.default_rng(7))
    cover = letters("MUELLER 1956", STROKES, 20, direction)
    plant(pixels, cover, 420, 420, (value,) * 3)
    line = Box(420, 420, cover.shape[1], cover.shape[0])
    first_ones = places_of_letters(pixels)[:3]
    assert any(place.touches(line) for place in first_ones)


@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (90, 2), (5, 5, 3), (13, 14)])
def test_pictures_of_any_size_are_searched(shape: tuple[int, ...]):
    noise = np.random.default_rng(9).integers(0, 256, shape, dtype=np.uint8)
    assert all(box.right <= shape[1] and box.bottom <= shape[0] for box in places_of_letters(noise))


def test_the_edge_of_an_organ_is_no_place():
    """A band that is bright on one side alone, as skin and the border of a view are."""
    y, x = np.mgrid[:512, :640]
    pixels = np.where((x - 60) ** 2 + (y - 256) ** 2 < 320**2, 120, 10).astype(np.uint8)
    ring = np.abs(np.hypot(x - 60, y - 256) - 322) < 4
    pixels[ring] = 250
    share = strokes._share_of(strokes._strokes(pixels))
    assert (share >= strokes._SURE_SHARE).any()  # the window alone would take it for a line
    assert places_of_letters(pixels) == []
