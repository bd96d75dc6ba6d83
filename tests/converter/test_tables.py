"""A table among the files: read as programs write it, matched by path, wrong rows by number."""

import time
from pathlib import Path, PurePosixPath

import pytest

from converter.tables import TABLE_KIND, Tables, read_table
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile
from pacs_portal.uploads.sniffing import sniff_file


def table_file(root, name: str, text: str, encoding: str = "utf-8", number: int = 7) -> StepFile:
    path = root / f"{number}"
    path.write_bytes(text.encode(encoding))
    return StepFile(path, (number,), TABLE_KIND, PurePosixPath(name))


def said(tables: Tables, path: str) -> dict[str, str] | None:
    row = tables.row_for(PurePosixPath(path))
    return None if row is None else row.values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_way_spreadsheets_write_is_read(tmp_path, encoding, delimiter):
    lines = ["path,patient,name,birth date", "1.png,A-1,Müller^Änne,28.02.1956"]
    text = "\r\n".join(lines).replace(",", delimiter)
    file = table_file(tmp_path, "all.csv", text, encoding)
    assert sniff_file(file.path) == "table"
    assert said(Tables([file]), "1.png") == {
        "patient_id": "A-1",
        "patient_name": "Müller^Änne",
        "patient_birth_date": "19560228",
    }


@pytest.mark.parametrize(
    "text",
    ["one\ntwo", "name,size\n1,2", "path", "a picture of a file, described", "\0path,file\n"],
)
def test_other_text_is_no_table(tmp_path, text):
    file = table_file(tmp_path, "notes.txt", text)
    assert sniff_file(file.path) == "unknown"


def test_the_row_of_the_longest_path_counts(tmp_path):
    text = "path,patient\n,ALL\nknee,B-2\nknee/left,C-3\nknee/left/9.png,D-4\n"
    tables = Tables([table_file(tmp_path, "c/all.csv", text)])
    assert said(tables, "c/hand/1.png") == {"patient_id": "ALL"}
    assert said(tables, "c/knee/1.png") == {"patient_id": "B-2"}
    assert said(tables, "c/knee/left/1.png") == {"patient_id": "C-3"}
    assert said(tables, "c/knee/left/9.png") == {"patient_id": "D-4"}
    assert said(tables, "c/kneecap/1.png") == {"patient_id": "ALL"}


def test_rows_reach_beside_and_below_the_table_and_nothing_else(tmp_path):
    tables = Tables([table_file(tmp_path, "c/in/all.csv", "path,patient\n1.png,A-1\n,B-2\n")])
    assert said(tables, "c/in/1.png") == {"patient_id": "A-1"}
    assert said(tables, "c/1.png") is None
    assert said(tables, "other/in/1.png") is None


def test_a_path_may_begin_with_the_tables_own_folder(tmp_path):
    tables = Tables([table_file(tmp_path, "x/c/all.csv", "path,patient\nc/p/1.png,A-1\n")])
    assert said(tables, "x/c/p/1.png") == {"patient_id": "A-1"}


def test_a_path_with_the_tables_own_folder_is_not_shorter_for_it(tmp_path):
    text = "path,patient\n,ALL\nc/1.png,A-1\nknee,B-2\nc/knee/9.png,C-3\n"
    tables = Tables([table_file(tmp_path, "c/all.csv", text)])
    assert said(tables, "c/1.png") == {"patient_id": "A-1"}
    assert said(tables, "c/2.png") == {"patient_id": "ALL"}
    assert said(tables, "c/knee/1.png") == {"patient_id": "B-2"}
    assert said(tables, "c/knee/9.png") == {"patient_id": "C-3"}


def test_a_folder_in_a_folder_of_the_same_name_is_the_longer_path(tmp_path):
    tables = Tables([table_file(tmp_path, "c/all.csv", "path,patient\nc,A-1\nc/c,B-2\n")])
    assert said(tables, "c/1.png") == {"patient_id": "A-1"}
    assert said(tables, "c/c/1.png") == {"patient_id": "B-2"}


def test_the_nearest_table_counts(tmp_path):
    outer = table_file(tmp_path, "c/all.csv", "path,patient\nknee/1.png,OUTER\n", number=1)
    inner = table_file(tmp_path, "c/knee/all.csv", "path,patient\n1.png,INNER\n", number=2)
    assert said(Tables([outer, inner]), "c/knee/1.png") == {"patient_id": "INNER"}


def test_a_folder_and_a_file_in_two_columns_are_one_path(tmp_path):
    text = "folder;file;patient\nknee;1.png;A-1\nknee;;B-2\n"
    tables = Tables([table_file(tmp_path, "all.csv", text)])
    assert said(tables, "knee/1.png") == {"patient_id": "A-1"}
    assert said(tables, "knee/2.png") == {"patient_id": "B-2"}


def test_letters_written_in_two_ways_are_the_same_name(tmp_path):
    tables = Tables([table_file(tmp_path, "all.csv", "path,patient\nMüller,A-1\n")])
    assert said(tables, "Mu\u0308ller/1.png") == {"patient_id": "A-1"}


def test_wrong_rows_are_told_by_number_and_quote_nothing(tmp_path):
    text = (
        "path,patient,birth date,sex,body part,laterality\n"
        "1.png,A-1,02/03/1956,,,\n"
        "2.png,A-2,,Zwirbel,,\n"
        "../3.png,A-3,,,,\n"
        "4.png,A-4,,,,\n"
        "4.png,A-5,,,,\n"
        "\n"
        "6.png,A-6,04/05/1956,,,\n"
        "7.png,A-7,,,HEAD,L\n"
    )
    table = read_table(table_file(tmp_path, "all.csv", text))
    told = " ".join(table.told_problems())
    assert "Rows 2, 8: a date is no day" in told
    assert "Row 3: The given patient sex is not known." in told
    assert "Row 4: the path leads out" in told
    assert "Row 6: the path stands in another row" in told
    assert "Row 9: This body part has no left and right." in told
    assert not any(value in told for value in ("Zwirbel", "1956", "png", "A-"))
    (verdict,) = table.verdict()
    assert (verdict.receipt_id, verdict.outcome) == (7, Outcome.FAILED)


def test_a_file_of_a_wrong_row_has_no_attributes_at_all(tmp_path):
    tables = Tables([table_file(tmp_path, "all.csv", "path,patient,date\n,ALL,\n1.png,A-1,x\n")])
    row = tables.row_for(PurePosixPath("1.png"))
    assert row.problem
    assert row.values == {}


def test_rows_that_match_nothing_and_columns_nobody_knows_are_told(tmp_path):
    text = "path,patient,diagnosis\n1.png,A-1,x\n2.png,A-2,\nknee,A-3,\n"
    tables = Tables([table_file(tmp_path, "all.csv", text)])
    tables.row_for(PurePosixPath("1.png"))
    (verdict,) = tables.verdicts()
    assert verdict.outcome == Outcome.SKIPPED
    assert "Rows 3, 4 match no file." in verdict.sentence
    assert "1 column is not known" in verdict.sentence


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("path,diagnosis\n1.png,x\n", "No column"),
        ("path,patient,patient_id\n1.png,a,b\n", "Two columns"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, word):
    table = read_table(table_file(tmp_path, "all.csv", text))
    assert word in table.refusal
    assert not table.rows


def test_a_table_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("converter.tables.MOST_BYTES", 10)
    assert "too large" in read_table(table_file(tmp_path, "a.csv", "path,patient\n1,2\n")).refusal
    monkeypatch.undo()
    monkeypatch.setattr("converter.tables.MOST_ROWS", 2)
    rows = "path,patient\n1,2\n3,4\n"
    assert "too large" in read_table(table_file(tmp_path, "a.csv", rows)).refusal


def test_a_quote_without_end_is_a_long_cell_and_no_crash(tmp_path):
    table = read_table(table_file(tmp_path, "a.csv", 'path,patient\n1,"' + "x" * 200_000))
    assert table.refusal or table.problems


def seconds_of_questions(folder: Path, table_count: int) -> float:
    """Return the processor time of asking for 500 files, each with a table beside it."""
    names = [f"{number}/all.csv" for number in range(table_count)]
    tables = Tables([table_file(folder, name, "path,patient\n1.png,A\n") for name in names])
    begin = time.process_time()
    for number in range(500):
        assert tables.row_for(PurePosixPath(f"{number % table_count}/1.png"))
    return time.process_time() - begin


def test_a_table_in_each_of_many_folders_costs_no_more_for_each_file(tmp_path):
    few = min(seconds_of_questions(tmp_path, 5) for _round in range(3))
    many = min(seconds_of_questions(tmp_path, 500) for _round in range(3))
    assert many < 5 * few
