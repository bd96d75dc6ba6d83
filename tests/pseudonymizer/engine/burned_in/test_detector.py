"""The real network on a few generated pictures; `make bench` measures it on many."""

from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

import numpy as np
import pytest

from pseudonymizer.engine import Box
from pseudonymizer.engine.burned_in import detector
from pseudonymizer.engine.burned_in.detector import NetworkDetector
from tests.bench.planted_text import (
    BITMAP,
    STROKES,
    background,
    clean_pictures,
    letters,
    plant,
    planted_pictures,
)
from tests.pseudonymizer.engine.burned_in.images import thick_letters

DETECTOR = NetworkDetector()


def share_in(boxes: tuple[Box, ...], mask: np.ndarray) -> float:
    """Return how much of the letters lies in a box."""
    held = np.zeros(mask.shape, bool)
    for box in boxes:
        held[box.top : box.bottom, box.left : box.right] = True
    return float(held[mask].mean())


@pytest.mark.parametrize("font", [BITMAP, STROKES])
@pytest.mark.parametrize(
    ("kind", "color", "direction", "left", "top"),
    [
        ("black", (255, 255, 255), 0, 0, 0),  # at the edge
        ("white", (0, 0, 0), 0, 40, 200),
        ("black", (255, 255, 0), 90, 3, 60),
        ("gray", (255, 255, 255), 270, 480, 30),
        ("ultrasound", (0, 255, 0), 0, 10, 490),
        ("x-ray", (255, 255, 255), 0, 200, 300),
        ("photograph", (255, 255, 255), 0, 120, 40),
    ],
)
def test_a_line_of_twelve_pixels_is_found(
    font: str, kind: str, color: tuple[int, int, int], direction: int, left: int, top: int
):
    gray = background(kind, (512, 512), np.random.default_rng(1))
    pixels = gray if gray.ndim == 3 else np.stack([gray] * 3, axis=-1)
    mask = plant(pixels, letters("MUELLER 1956", font, 12, direction), left, top, color)
    assert share_in(DETECTOR.boxes(pixels), mask) > 0.9


@pytest.mark.parametrize(("top", "left"), [(150, 200), (220, 240), (300, 200)])
def test_a_line_of_twelve_pixels_in_speckle_is_found(top: int, left: int):
    pixels = background("ultrasound", (512, 512), np.random.default_rng(3))
    mask = plant(pixels, letters("MUELLER 1956", STROKES, 12, 0), left, top, (255,) * 3)
    assert share_in(DETECTOR.boxes(pixels), mask) > 0.9


def test_of_a_large_film_only_what_may_be_letters_is_looked_at(monkeypatch):
    looked: list[tuple[int, ...]] = []

    def counted(tile: np.ndarray) -> np.ndarray:
        looked.append(tile.shape)
        return run(tile)

    run = detector._run
    monkeypatch.setattr(detector, "_run", counted)
    grain = np.random.default_rng(4).normal(120, 5, (1600, 1900))
    pixels = np.clip(grain, 0, 255).astype(np.uint8)
    assert DETECTOR.boxes(pixels) == ()
    assert looked == []
    mask = plant(pixels, letters("MUELLER 1956", STROKES, 12, 0), 1700, 1500, (180,) * 3)
    assert share_in(DETECTOR.boxes(pixels), mask) > 0.9
    assert len(looked) == 2  # of the picture, and of it made smaller


def test_a_page_full_of_letters_is_found():
    cover = letters("MUELLER HANS 12.04.1956 KARL-HEINZ SCHMIDT", BITMAP, 11, 0)[:, :256]
    pixels = np.zeros((256, 256), np.uint8)
    lines = range(0, 256 - cover.shape[0], 11)
    masks = [plant(pixels, cover, 0, top, (255,) * 3) for top in lines]
    assert share_in(DETECTOR.boxes(pixels), np.any(masks, axis=0)) > 0.98


def test_gray_in_three_colors_is_looked_at_as_gray(monkeypatch):
    looked: list[int] = []

    def counted(tile: np.ndarray) -> np.ndarray:
        looked.append(tile.ndim)
        return run(tile)

    pixels = background("black", (240, 320), np.random.default_rng(1))
    plant(pixels, letters("MUELLER 1956", STROKES, 12, 0), 40, 60, (255,) * 3)
    found = DETECTOR.boxes(pixels)
    run = detector._run
    monkeypatch.setattr(detector, "_run", counted)
    assert DETECTOR.boxes(np.stack([pixels] * 3, axis=-1)) == found != ()
    assert set(looked) == {2}


@pytest.mark.parametrize(("kind", "most"), [("ct", 1.4), ("mr", 1.4), ("ultrasound", 1.8)])
def test_bright_tissue_is_looked_at_again_only_where_letters_may_be(
    kind: str, most: float, monkeypatch: pytest.MonkeyPatch
):
    looked: list[int] = []

    def counted(tile: np.ndarray) -> np.ndarray:
        looked.append(tile.shape[0] * tile.shape[1])
        return run(tile)

    run = detector._run
    monkeypatch.setattr(detector, "_run", counted)
    pixels = background(kind, (512, 512), np.random.default_rng(3))
    mask = plant(pixels, letters("MUELLER 1956", STROKES, 12, 0), 200, 5, (255,) * 3)
    assert share_in(DETECTOR.boxes(pixels), mask) > 0.9
    assert sum(looked) < most * (1.5 * 512) ** 2  # tiles of the whole overlap a little


@pytest.mark.parametrize("size", [48, 64, 80, 100, 120, 140])
@pytest.mark.parametrize("kind", ["black", "ct", "x-ray"])
def test_large_letters_are_found(kind: str, size: int):
    pixels = background(kind, (600, 800), np.random.default_rng(3))
    mask = plant(pixels, thick_letters("Huber", size), 150, 200, (255,) * 3)
    assert share_in(DETECTOR.boxes(pixels), mask) > 0.9


def test_nothing_is_found_where_nothing_is_written():
    found = {kind: DETECTOR.boxes(pixels) for kind, pixels in clean_pictures(9, seed=1)}
    assert found == dict.fromkeys(found, ())


def test_a_lump_of_tissue_that_fills_its_piece_is_no_line():
    _kind, pixels = next(islice(clean_pictures(59, seed=20261124), 58, None))
    assert DETECTOR.boxes(pixels) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (700, 3), (31, 33), (513, 511), (40, 1500, 3)])
def test_pictures_of_any_size_are_taken(shape: tuple[int, ...]):
    noise = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    assert all(box.right <= shape[1] and box.bottom <= shape[0] for box in DETECTOR.boxes(noise))


def test_small_numbers_stay_numbers_where_the_network_is_not_at_work():
    smallest = np.array([5e-324, 1e-310])
    NetworkDetector().boxes(np.full((64, 64), 90, np.uint8))
    assert (smallest * 1.0 > 0).all()


def test_a_child_of_a_process_that_looked_can_look_too():
    picture = next(iter(planted_pictures(1, 5))).pixels
    found = NetworkDetector().boxes(picture)
    with ProcessPoolExecutor(1, get_context("fork")) as children:
        assert children.submit(NetworkDetector().boxes, picture).result(60) == found
    assert found
