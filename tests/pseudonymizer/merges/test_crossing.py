"""Merges and their undos that cross each other, on each of the two databases."""

from pathlib import Path

from tests.processes import answers_of


def test_merges_that_cross_end_in_one_patient_and_are_undone_once_each(
    tmp_path: Path, database_environment: dict[str, str]
) -> None:
    script = Path(__file__).with_name("crossing_merges.py")
    (answers,) = answers_of(script, tmp_path, 1, database_environment)
    assert answers.count("merged") == answers.count("undone") == 2
    assert answers[:6].count("refused") == 4
    assert answers[6] == "1-people,2-aliases"
    assert answers[-1] == "3-people,0-aliases"
