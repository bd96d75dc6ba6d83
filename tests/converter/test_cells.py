"""Cells of a table are text: dates that mean one day, paths that stay inside, nothing else."""

import pytest

from converter.cells import heading_of, parsed_cells, parsed_date, path_key
from converter.errors import MetadataError


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1956-02-28", "19560228"),
        ("1956-2-8", "19560208"),
        ("19560228", "19560228"),
        ("28.02.1956", "19560228"),
        ("8.2.1956", "19560208"),
        ("02/28/1956", "19560228"),
        ("28/02/1956", "19560228"),
        ("03/03/1956", "19560303"),
        ("2024-02-29", "20240229"),
    ],
)
def test_a_date_that_means_one_day_is_taken(written, day):
    assert parsed_date(written) == day


@pytest.mark.parametrize(
    "written",
    ["02/03/1956", "2023-02-29", "31.04.1956", "13/13/1956", "28.02.56", "=TODAY()", "28 Feb", "9"],
)
def test_a_date_that_means_two_days_or_none_is_refused_without_quoting_it(written):
    with pytest.raises(MetadataError) as refused:
        parsed_date(written)
    assert written not in str(refused.value)


def test_a_date_in_the_future_is_refused():
    with pytest.raises(MetadataError, match="in the future"):
        parsed_date("2999-01-31")


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("a/b.png", ("a", "b.png")),
        ("a\\b.png", ("a", "b.png")),
        ("./a/", ("a",)),
        (" a ", ("a",)),
        ("", ()),
        ("=a", ("=a",)),
        ("Mu\u0308ller", ("Müller",)),
    ],
)
def test_a_path_is_only_compared(cell, parts):
    assert path_key(cell) == parts


@pytest.mark.parametrize(
    "cell", ["../a", "a/../b", "/etc/passwd", "\\\\server\\a", "C:\\a", "c:a", "a\0b"]
)
def test_a_path_that_leads_out_is_refused(cell):
    with pytest.raises(MetadataError):
        path_key(cell)


def test_a_cell_that_looks_like_a_formula_is_text():
    formula = '=HYPERLINK("http://example.org")'
    assert parsed_cells({"study_description": formula, "patient_id": "+49"}) == {
        "study_description": formula,
        "patient_id": "+49",
    }


def test_words_become_the_terms_of_dicom_and_empty_cells_nothing():
    cells = {"patient_sex": "female", "laterality": "left", "body_part": "knee", "modality": "dx"}
    terms = {"patient_sex": "F", "laterality": "L", "body_part": "KNEE", "modality": "DX"}
    assert parsed_cells({**cells, "patient_id": "  ", "study_time": "9:05"}) == {
        **terms,
        "study_time": "090500",
    }


@pytest.mark.parametrize(
    ("heading", "attribute"),
    [
        ("Patient ID", "patient_id"),
        ("patient", "patient_id"),
        ("Date of birth", "patient_birth_date"),
        ("Body-Part", "body_part"),
        ("Study date", "study_date"),
        ("modality", "modality"),
    ],
)
def test_headings_are_understood_as_people_write_them(heading, attribute):
    assert heading_of(heading) == attribute


def test_a_cell_without_end_is_refused():
    with pytest.raises(MetadataError, match="too long"):
        parsed_cells({"patient_name": "a" * 5000})
