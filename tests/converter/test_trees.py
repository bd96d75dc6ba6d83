"""Each rule for folders, on one tree whose depths differ."""

from pathlib import PurePosixPath

import pytest

from converter.trees import RULES, place_of

TREE = ("c/p1/s1/t1/1.png", "c/p1/s1/t2/2.png", "c/p1/s2/3.png", "c/p2/4.png", "5.png")


@pytest.mark.parametrize(
    ("rule", "patients", "study_count", "series_count"),
    [
        ("folder", ["", "", "", "", ""], 5, 5),
        ("one-study", ["", "", "", "", ""], 1, 1),
        ("patient-study", ["s1", "s1", "p1", "c", ""], 5, 5),
        ("patient-study-series", ["p1", "p1", "c", "", ""], 4, 5),
        ("top-patient", ["c", "c", "c", "c", ""], 5, 5),
        ("inner-patient", ["p1", "p1", "p1", "p2", ""], 5, 5),
    ],
)
def test_a_rule_finds_patients_studies_and_series(rule, patients, study_count, series_count):
    places = [place_of(PurePosixPath(path), rule) for path in TREE]
    assert [place.patient for place in places] == patients
    assert len({place.study for place in places}) == study_count
    assert len({(place.study, place.series) for place in places}) == series_count


def test_every_rule_is_tried_here():
    assert len(RULES) == 6


def test_a_zip_is_a_folder_without_its_ending():
    place = place_of(PurePosixPath("c/P1.ZIP/s1/1.png"), "inner-patient")
    assert (place.patient, place.study) == ("P1", ("c", "P1.ZIP", "s1"))
