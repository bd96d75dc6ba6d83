"""Cells of the mapping: no spreadsheet runs them, and a list that is imported again is the same."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pseudonymizer.registry.mapping import original_cell, spreadsheet_safe


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+49 30", "-5", "@SUM(1)", "\t=1", "'=1"),
        *("Mueller;=HYPERLINK(1)^A", "Mueller; =1", "a\t@b", "a|+1", "\uff1d1+1"),
        *('a;"=1+1', 'a; ""=1"', "a;\"'=1"),
    ],
)
def test_no_part_of_a_cell_starts_a_formula(cell: str) -> None:
    """Also where a spreadsheet parts a line at semicolons, as it does in many languages."""
    safe = spreadsheet_safe(cell)
    line = io.StringIO()
    csv.writer(line).writerow(["CT-7QF3K0ZB5", safe])
    in_cell = [part.strip(' "') for part in re.split(r"[;|\t\r\n]", safe)]
    parts = [*in_cell, *next(csv.reader([line.getvalue()], delimiter=";"))]
    assert not [part for part in parts if part.startswith(("=", "+", "-", "@", "\uff1d"))]
    assert original_cell(safe) == cell


@pytest.mark.parametrize(
    "cell", ["", "Mueller^Hans", "CT-7QF3K0ZB5", "2026-11-28", "a;b", "O'Hara"]
)
def test_other_cells_stay(cell: str) -> None:
    assert spreadsheet_safe(cell) == cell
    assert original_cell(cell) == cell


@given(st.text(alphabet="'\"=+-@;|\t\r\n a1\uff1d", max_size=12))
def test_what_was_made_safe_comes_back(cell: str) -> None:
    assert original_cell(spreadsheet_safe(cell)) == cell
