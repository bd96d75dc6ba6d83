"""How lists come out of spreadsheets, and which of them are refused."""

from pathlib import Path

import pytest

from pseudonymizer.errors import ListError
from pseudonymizer.lists import reading
from pseudonymizer.lists.reading import read_list

TEXT = "patient_id;name;pseudonym\r\nA-1;Müller^Änne;P-0007\r\n"


def cells(content: bytes) -> list[dict[str, str] | None]:
    return [row.cells and dict(row.cells) for row in read_list(content).rows]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (TEXT.encode("latin-1"), "windows-1252"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_every_usual_encoding_gives_the_same_rows(content: bytes, encoding: str) -> None:
    assert read_list(content).encoding == encoding
    assert cells(content) == [{"patient_id": "A-1", "name": "Müller^Änne", "pseudonym": "P-0007"}]


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")]
)
def test_the_delimiter_is_found_by_the_header(delimiter: str, name: str) -> None:
    content = TEXT.replace(";", delimiter).encode()
    assert read_list(content).delimiter == name
    assert cells(content)[0]["pseudonym"] == "P-0007"


def test_a_delimiter_named_in_the_first_line_counts_and_lines_are_still_right() -> None:
    rows = read_list(b"sep=;\r\n" + TEXT.encode()).rows
    assert [(row.line, row.cells["patient_id"]) for row in rows] == [(3, "A-1")]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends() -> None:
    content = b'patient_id,name,pseudonym\n"A,1","Li ""Lee""\nWei",P1\nA2,B,P2\n'
    rows = read_list(content).rows
    assert dict(rows[0].cells) == {
        "patient_id": "A,1",
        "name": 'Li "Lee"\nWei',
        "pseudonym": "P1",
    }
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    "header",
    [
        "Patient ID;Patient's Name;Pseudonym",
        "PATIENT-ID;PatientName;pseudonym",
        "Patienten-ID;Name;Pseudonym",
        "pseudonym;mrn;comment",
    ],
)
def test_headings_are_known_in_usual_spellings_and_any_order(header: str) -> None:
    found = read_list(f"{header}\n1;2;3\n".encode())
    assert {"patient_id", "pseudonym"} <= set(found.columns)
    assert len(found.columns) + found.unused_columns == 3


def test_rows_without_text_are_left_out_and_ragged_ones_are_told() -> None:
    content = b"patient_id,pseudonym\n,\n\nA,P\nB\nC,Q,R\n"
    rows = read_list(content).rows
    assert [(row.line, row.cells is None) for row in rows] == [(4, False), (5, True), (6, True)]


SECRET = "Zwirbelmayr"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \r\n\r\n", id="only line ends"),
        pytest.param(f"{SECRET};A-1;P-1\nB;2;P-2\n".encode(), id="no header"),
        pytest.param(f"patient_id;name\nA-1;{SECRET}\n".encode(), id="no pseudonyms"),
        pytest.param(f"pseudonym;name\nA-1;{SECRET}\n".encode(), id="no IDs"),
        pytest.param(f"patient_id,MRN,pseudonym\n{SECRET},2,3\n".encode(), id="two ID columns"),
        pytest.param(f'patient_id,pseudonym\n"{SECRET},P\n'.encode(), id="open quote"),
        pytest.param(f'patient_id,pseudonym\n"{SECRET}"x,P\n'.encode(), id="text after a quote"),
        pytest.param(b"patient_id,pseudonym\n" + b"x" * 140_000 + b",P\n", id="a huge cell"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="a workbook"),
        pytest.param(b"patient_id,pseudonym\n", id="no rows"),
        pytest.param(b"\xff\xfe" + b"a\0b", id="half a character"),
        pytest.param(bytes(range(256)) * 4, id="no text"),
    ],
)
def test_what_is_no_list_is_refused_without_a_word_of_it(content: bytes) -> None:
    with pytest.raises(ListError) as refused:
        read_list(content)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0\0\x10JFIF"])
def test_who_chooses_another_kind_of_file_is_told_what_to_choose(start: bytes) -> None:
    with pytest.raises(ListError, match="no CSV file"):
        read_list(start + bytes(100))


def test_the_page_the_manual_and_the_refusal_tell_the_bound() -> None:
    """More rows would keep others from writing for too long, on SQLite."""
    root = Path(reading.__file__).parents[2]
    page = "pseudonymizer/templates/pseudonymizer/registry_import.html"
    for text in ("docs/use.md", page, "pseudonymizer/lists/reading.py"):
        assert f"{reading.MOST_ROWS:,} rows" in (root / text).read_text(encoding="utf-8")
    assert reading.MOST_ROWS <= 5_000


def test_lists_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    two = b"patient_id,pseudonym\nA,P\nB,Q\n"
    assert len(read_list(two).rows) == 2
    with pytest.raises(ListError, match="more than"):
        read_list(two + b"C,R\n")
    monkeypatch.setattr(reading, "LARGEST_BYTES", len(two))
    assert len(read_list(two).rows) == 2
    with pytest.raises(ListError, match="larger"):
        read_list(two + b"\n")
