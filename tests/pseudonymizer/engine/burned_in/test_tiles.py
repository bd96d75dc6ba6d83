"""Where lines stand in generated pictures is known; the network has to see what is around, too."""

import numpy as np
import pytest

from pseudonymizer.engine.burned_in.tiles import parts_to_see
from tests.bench.planted_text import BACKGROUNDS, STROKES, background, letters, plant

TILE = 512
AROUND = 96


def seen(pixels: np.ndarray) -> np.ndarray:
    """Return which pixels the network sees."""
    inside = np.zeros(pixels.shape[:2], bool)
    for part in parts_to_see(pixels):
        inside[part] = True
    return inside


@pytest.mark.parametrize("kind", BACKGROUNDS)
@pytest.mark.parametrize(("left", "top"), [(0, 0), (300, 200), (520, 460)])
def test_letters_are_seen_with_what_is_around_them(kind: str, left: int, top: int):
    pixels = background(kind, (600, 800), np.random.default_rng(5))
    ink = 0 if kind == "white" else 255
    mask = plant(pixels, letters("MUELLER 1956", STROKES, 18, 0), left, top, (ink,) * 3)
    rows, columns = np.nonzero(mask)
    high = slice(max(0, rows.min() - AROUND), rows.max() + AROUND)
    wide = slice(max(0, columns.min() - AROUND), columns.max() + AROUND)
    assert seen(pixels)[high, wide].all()


def test_what_is_flat_is_not_seen():
    pixels = np.zeros((600, 1200), np.uint8)
    assert not list(parts_to_see(pixels))
    plant(pixels, letters("MUELLER 1956", STROKES, 18, 0), 100, 100, (255,) * 3)
    assert 0 < seen(pixels).mean() < 0.4


def test_a_picture_full_of_contrasts_is_seen_whole_and_in_tiles():
    checked = np.kron(np.indices((184, 117)).sum(axis=0) % 2, np.ones((6, 6))).astype(np.uint8)
    pixels = checked * 255
    assert seen(pixels).all()
    sides = [side.stop - side.start for part in parts_to_see(pixels) for side in part]
    assert max(sides) <= TILE


def test_sides_of_parts_are_what_the_network_takes():
    pixels = background("mr", (768, 768), np.random.default_rng(5))
    parts = list(parts_to_see(pixels))
    assert parts
    assert all((side.stop - side.start) % 32 == 0 for part in parts for side in part)
