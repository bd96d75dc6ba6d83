"""Imports in processes of their own: several at once, and killed ones. All rows, or none."""

from pathlib import Path

from tests.processes import answers_of
from tests.pseudonymizer.lists.many_importers import POINTS, ROWS

SCRIPT = Path(__file__).with_name("many_importers.py")


def test_of_lists_imported_at_once_one_is_taken_whole(
    tmp_path: Path, database_environment: dict[str, str]
) -> None:
    answers = answers_of(SCRIPT, tmp_path, 2, {**database_environment, "WORK": "at-once"})
    assert [answer for given in answers for answer in given] == [f"{ROWS}/1"] * 8


def test_an_import_that_was_killed_left_nothing_and_is_made_again(
    tmp_path: Path, database_environment: dict[str, str]
) -> None:
    (answers,) = answers_of(SCRIPT, tmp_path, 1, {**database_environment, "WORK": "killed"})
    assert answers == ["9:0/0"] * len(POINTS) + [f"0:{ROWS}/1"]
