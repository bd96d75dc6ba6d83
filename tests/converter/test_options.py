"""What a person chose: whose a file is by the table that was named."""

import time
from pathlib import PurePosixPath

import pytest

from converter.options import ConvertOptions


def options_of(*rows: tuple[str, str]) -> ConvertOptions:
    return ConvertOptions(table=tuple({"path": path, "patient_id": who} for path, who in rows))


def said(options: ConvertOptions, path: str) -> str | None:
    return options.row_of(PurePosixPath(path)).get("patient_id")


@pytest.mark.parametrize("is_folder_first", [True, False])
def test_the_row_of_the_longest_path_counts_with_or_without_the_sources_name(is_folder_first):
    rows = [("scan/a", "FOLDER"), ("a/1.png", "FILE")]
    options = options_of(*(rows if is_folder_first else reversed(rows)), ("", "ALL"))
    assert said(options, "scan/a/1.png") == "FILE"
    assert said(options, "scan/a/2.png") == "FOLDER"
    assert said(options, "scan/b/1.png") == "ALL"


def test_a_file_that_is_a_source_itself_is_found_by_its_name():
    options = options_of(("", "ALL"), ("1.png", "FILE"))
    assert said(options, "1.png") == "FILE"
    assert said(options, "2.png") == "ALL"


def seconds_of_questions(count: int) -> float:
    """Return the processor time of 500 questions to a table of `count` rows."""
    options = options_of(*((f"{number}/1.png", str(number)) for number in range(count)))
    assert said(options, "scan/0/1.png") == "0"
    begin = time.process_time()
    for number in range(500):
        assert said(options, f"scan/{number % count}/1.png") == str(number % count)
    return time.process_time() - begin


def test_a_long_table_costs_no_more_for_each_file():
    few = min(seconds_of_questions(10) for _round in range(3))
    many = min(seconds_of_questions(2000) for _round in range(3))
    assert many < 20 * few
