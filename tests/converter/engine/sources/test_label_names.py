"""Names and colors of labels, from the tables that programs write."""

import json
from pathlib import Path

import pytest

from converter.engine import ConversionError
from converter.engine.sources.label_names import LabelName, LabelNames, read_label_names

RED, BLUE = (255, 0, 0), (0, 0, 255)
EXPECTED = {1: LabelName("Left kidney", RED), 12: LabelName("Liver", BLUE)}
BIDS = "index\tname\tabbreviation\tcolor\n1\tLeft kidney\tLK\t#FF0000\n12\tLiver\tL\t#0000ff\n"
SLICER = """# Color table file labels.ctbl
# 3 values
0 Background 0 0 0 0
1 Left_kidney 255 0 0 255
12 Liver 0 0 255 255
"""
ITK_SNAP = """################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Left kidney"
   12     0    0  255        1  1  1    "Liver"
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "table"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [BIDS, "\ufeff" + BIDS.replace("\n", "\r\n"), SLICER, ITK_SNAP],
    ids=["BIDS", "BIDS of Windows", "3D Slicer", "ITK-SNAP"],
)
def test_tables_of_programs_are_read(written, content):
    found = read_label_names(written(content), None).by_value
    assert {value: found[value] for value in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    "labels",
    [
        {
            "1": {"name": "Left kidney", "color": [255, 0, 0]},
            "12": {"name": "Liver", "color": "#0000ff"},
        },
        {"1": "Left kidney", "12": "Liver"},
        {"background": 0, "Left kidney": 1, "Liver": 12},
    ],
)
@pytest.mark.parametrize("key", ["Labels", "labels", "LabelMap"])
def test_a_sidecar_names_labels(written, labels, key):
    found = read_label_names(None, written(json.dumps({key: labels}))).by_value
    assert {value: found[value].name for value in EXPECTED} == {1: "Left kidney", 12: "Liver"}
    if isinstance(labels.get("1"), dict):
        assert dict(found) == EXPECTED


def test_the_table_counts_more_than_the_sidecar(written, tmp_path):
    table = tmp_path / "names.tsv"
    table.write_text("index\tname\n1\tFrom the table\n")
    sidecar = written(json.dumps({"Labels": {"1": "From the sidecar", "2": "Other"}}))
    found = read_label_names(table, sidecar).by_value
    assert {value: label.name for value, label in found.items()} == {
        1: "From the table",
        2: "Other",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  a \t b\\c\x00d ", "a b c d"),
        ("ä" * 70, "ä" * 64),
        (7, ""),
        (None, ""),
    ],
)
def test_a_name_is_one_line_of_what_dicom_can_hold(written, name, expected):
    sidecar = written(json.dumps({"Labels": {"1": {"name": name}}}))
    assert read_label_names(None, sidecar).by_value[1].name == expected


@pytest.mark.parametrize(
    "color", ["red", "#12345", [1, 2], [256, 0, 0], [-1, 0, 0], ["a", 0, 0], 5]
)
def test_what_is_no_color_is_left_out(written, color):
    sidecar = written(json.dumps({"Labels": {"1": {"name": "Liver", "color": color}}}))
    assert read_label_names(None, sidecar).by_value[1] == LabelName("Liver")


@pytest.mark.parametrize("labels", [7, [1], {"x": "y"}, {"-1": "a"}, {"1e3": "a"}, {"": True}])
def test_what_names_nothing_is_left_out(written, labels):
    assert read_label_names(None, written(json.dumps({"Labels": labels}))) == LabelNames({})


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"x" * (5 << 20), b"name,index\n", b""],
    ids=["no UTF-8", "too long", "commas", "empty"],
)
def test_a_table_that_cannot_be_read_is_named(written, content):
    with pytest.raises(ConversionError, match="names of labels") as refused:
        read_label_names(written(content), None)
    assert refused.value.code == "damaged"


def test_nothing_beside_it_names_nothing():
    assert read_label_names(None, None) == LabelNames({})


WORKBENCH = b"""<?xml version="1.0"?><CaretExtension><VI Index="0"><LabelTable>
<Label Key="1" Red="1" Green="0" Blue="0" Alpha="1"><![CDATA[Left kidney]]></Label>
<Label Key="12" Red="0" Green="0" Blue="1" Alpha="1">Liver &amp; bile</Label>
<Label Key="x" Red="0" Green="0" Blue="1">No number</Label>
</LabelTable></VI></CaretExtension>"""


def test_the_table_in_a_header_of_workbench_is_read(written):
    found = read_label_names(None, None, b"\0" * 12 + WORKBENCH).by_value
    assert dict(found) == {
        1: LabelName("Left kidney", RED),
        12: LabelName("Liver & bile", BLUE),
    }


def test_what_lies_beside_a_volume_counts_more_than_its_header(written):
    sidecar = written(json.dumps({"Labels": {"1": "Kidney"}}))
    found = read_label_names(None, sidecar, WORKBENCH).by_value
    assert {value: label.name for value, label in found.items()} == {
        1: "Kidney",
        12: "Liver & bile",
    }


@pytest.mark.parametrize("extension", [b"<Label " * 500_000, b"<Label Key=" + b"x" * 4_000_000])
def test_an_extension_that_never_ends_is_read_in_a_moment(extension):
    assert read_label_names(None, None, extension) == LabelNames({})


def test_a_number_of_thousands_of_digits_names_no_label(written):
    endless = f'{"1" * 5000} 255 0 0 1 1 1 "endless"\n'
    assert read_label_names(written(ITK_SNAP + endless), None).by_value[1].name == "Left kidney"
