"""Large letters are told from what only stands in a row by their one ink."""

import numpy as np
import pytest

from pseudonymizer.engine.burned_in.ink import is_written
from tests.bench.planted_text import background, plant
from tests.pseudonymizer.engine.burned_in.images import thick_letters

ROWS, COLUMNS = 130, 400


def lettered(kind: str, value: int) -> np.ndarray:
    pixels = background(kind, (ROWS, COLUMNS), np.random.default_rng(3))
    plant(pixels, thick_letters("Huber 56", 80), 30, 30, (value,) * 3)
    return pixels


@pytest.mark.parametrize("kind", ["black", "gray", "ct", "mr", "ultrasound", "photograph"])
def test_white_letters_are_written(kind: str):
    assert is_written(lettered(kind, 255))
    assert not is_written(background(kind, (ROWS, COLUMNS), np.random.default_rng(3)))


@pytest.mark.parametrize("size", [50, 60, 80])
def test_thin_letters_have_an_inside_too(size: int):
    pixels = np.full((2 * size, 6 * size), 40, np.uint8)
    plant(pixels, thick_letters("Huber 56", size), size // 2, size // 2, (230,) * 3)
    assert is_written(pixels)


def test_black_and_upright_letters_are_written():
    assert is_written(lettered("white", 0))
    assert is_written(lettered("gray", 0).T.copy())


def rows_of_organs() -> np.ndarray:
    y, x = np.mgrid[:ROWS, :COLUMNS]
    organs = 255 * np.exp(-((x % 80 - 40) ** 2 + (y - 65) ** 2) / 600)
    return organs.astype(np.uint8)


def a_bar() -> np.ndarray:
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    pixels[40:100, 30:370] = 255
    return pixels


def dark_gaps_in_white() -> np.ndarray:
    """What stands out in part is no ink where other things stand out more."""
    pixels = np.full((ROWS, COLUMNS), 120, np.uint8)
    pixels[30:100, 40:360:40] = 200
    pixels[30:100, 50:360:40] = 255
    return pixels


@pytest.mark.parametrize("make", [rows_of_organs, a_bar, dark_gaps_in_white])
def test_what_stands_in_a_row_is_not(make):
    assert not is_written(make())


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (49, 99, 3)])
def test_boxes_of_any_size_are_taken(shape: tuple[int, ...]):
    assert not is_written(np.zeros(shape, np.uint8))
