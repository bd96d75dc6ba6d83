"""No original value of any attribute of Table E.1-1 survives, wherever it stands."""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from struct import pack

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from raw_values import Values, raw_values

from pseudonymizer.engine import (
    Context,
    HeldBack,
    ProfileSpec,
    build_profile,
    pseudonymize_file,
)

TABLE = Path("pseudonymizer/engine/tables/ps3.15-e1-1.csv")
UNLISTED_SEQUENCE = 0x00081115  # Referenced Series Sequence
UNKNOWN_SEQUENCE = 0x0018FFF0  # in no dictionary
ENCAPSULATED_DOCUMENT = 0x00420011  # holds the whole file back
KEPT = {0x00100040, 0x00101010, 0x00101020, 0x00101030, 0x00080201}  # sex, age, size, weight, zone
PLACES = (
    "at top level",
    "in a sequence outside the table",
    "three sequences deep",
    "in a known sequence of VR UN",
    "in an unknown sequence of VR UN",
)
PLANTED_DATE = "19630217"


@pytest.fixture(autouse=True)
def _let_pydicom_write_known_attributes_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydicom.config.replace_un_with_known_vr", False)


def concrete_rows() -> list[dict[str, str]]:
    with TABLE.open() as table:
        rows = list(csv.DictReader(line for line in table if not line.startswith("#")))
    return [row for row in rows if "x" not in row["tag"] and "g" not in row["tag"]]


def tag_of(row: dict[str, str]) -> int:
    return int(row["tag"].strip("()").replace(",", ""), 16)


def planted(tag: int, vr: str) -> tuple[DataElement, bytes]:
    """Return an element and the bytes that must not survive."""
    marker = f"ZQ{tag:08X}"
    texts = {
        "AS": "077Y",
        "DA": PLANTED_DATE,
        "DS": f"7{tag}"[:16],
        "DT": f"{PLANTED_DATE}101112.131415",
        "IS": f"{tag % 10**9}",
        "PN": f"Z{marker}^Hans",
        "TM": "235959.987654",
        "UI": f"1.3.6.1.4.1.99999.{tag}",
        "UR": f"https://{marker}.example/",
    }
    if vr == "SQ":
        item = Dataset()
        item.add_new(0x00080100, "SH", marker)
        item.add_new(0x00080102, "SH", "99ZQ")
        item.add_new(0x00080104, "LO", marker)
        item.add_new(0x0040A160, "UT", marker)
        return DataElement(tag, "SQ", Sequence([item])), marker.encode()
    if vr in ("OB", "OB or OW", "UN", "OW"):
        return DataElement(tag, "OB", marker.encode()), marker.encode()
    if vr == "US":
        return DataElement(tag, "US", tag & 0x7FFF), b""
    text = texts.get(vr, marker)
    return DataElement(tag, vr or "LO", text), text.encode()


def with_all_attributes() -> tuple[Dataset, dict[int, bytes]]:
    dataset, markers = Dataset(), {}
    for row in concrete_rows():
        tag = tag_of(row)
        if tag == ENCAPSULATED_DOCUMENT:
            continue
        element, marker = planted(tag, row["vr"])
        dataset[tag] = element
        if tag not in KEPT and row["vr"] not in ("AS", "TM", "US"):
            markers[tag] = marker
    return dataset, markers


def as_unknown(tag: int, item: Dataset) -> DataElement:
    """Return a sequence in the form of an element of VR UN (PS3.5 6.2.2)."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, item)
    content = buffer.getvalue()
    head = b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little")
    return DataElement(tag, "UN", head + content)


def place(dataset: Dataset, attributes: Dataset, place_name: str) -> None:
    match place_name:
        case "at top level":
            dataset.update({tag: attributes[tag] for tag in attributes.keys()})  # noqa: SIM118
        case "in a sequence outside the table":
            dataset.add_new(UNLISTED_SEQUENCE, "SQ", [attributes])
        case "three sequences deep":
            inner, outer = Dataset(), Dataset()
            inner.add_new(UNLISTED_SEQUENCE, "SQ", [attributes])
            outer.add_new(UNLISTED_SEQUENCE, "SQ", [inner])
            dataset.add_new(UNLISTED_SEQUENCE, "SQ", [outer])
        case "in a known sequence of VR UN":
            dataset[UNLISTED_SEQUENCE] = as_unknown(UNLISTED_SEQUENCE, attributes)
        case "in an unknown sequence of VR UN":
            dataset[UNKNOWN_SEQUENCE] = as_unknown(UNKNOWN_SEQUENCE, attributes)


def test_the_table_has_652_single_attributes():
    assert len(concrete_rows()) == 652


@pytest.mark.parametrize("is_explicit", [True, False], ids=["explicit", "implicit"])
@pytest.mark.parametrize("place_name", PLACES)
def test_no_planted_value_survives(
    place_name: str, is_explicit: bool, ct: Dataset, write_file, target: Path, context: Context
):
    attributes, markers = with_all_attributes()
    place(ct, attributes, place_name)
    source = write_file(ct, is_explicit=is_explicit)
    original = source.read_bytes()
    assert [f"{tag:08X}" for tag, marker in markers.items() if marker not in original] == []

    output = pseudonymize_file(source, target, context).path.read_bytes()

    assert [f"{tag:08X}" for tag, marker in markers.items() if marker in output] == []


@pytest.mark.parametrize("place_name", PLACES)
def test_of_the_basic_profile_alone_no_attribute_keeps_its_value(
    place_name: str, ct: Dataset, write_file, target: Path, context: Context
):
    """Times, ages and numbers too, which are too short to be searched for."""
    attributes, _markers = with_all_attributes()
    if place_name != "at top level":
        attributes.add_new(ENCAPSULATED_DOCUMENT, "OB", b"ZQ-a-letter!")
    place(ct, attributes, place_name)
    source = write_file(ct)
    basic = replace(context, profile=build_profile(ProfileSpec(frozenset())))
    output = pseudonymize_file(source, target, basic).path
    before, after = (contents_of(raw_values(pydicom.dcmread(path))) for path in (source, output))
    planted_tags = {tag for tag in map(tag_of, concrete_rows()) if before.get(tag)}
    assert len(planted_tags) > 560  # the others are sequences, whose items hold planted texts
    assert [f"{tag:08X}" for tag in sorted(planted_tags) if before[tag] & after[tag]] == []


def contents_of(values: Values) -> dict[int, set[bytes]]:
    """Return all values of each attribute, at every depth, but for empty ones."""
    found: dict[int, set[bytes]] = defaultdict(set)
    for tag, value in values.items():
        if isinstance(value, tuple):
            found[tag] |= {value[1].strip(b" \0")} - {b""}
            continue
        for item in value:
            for inner, contents in contents_of(item).items():
                found[inner] |= contents
    return found


def test_a_document_of_its_own_holds_its_whole_file(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.add_new(ENCAPSULATED_DOCUMENT, "OB", b"ZQ-a-letter!")
    with pytest.raises(HeldBack):
        pseudonymize_file(write_file(ct), target, context)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("element", [0x3000, 0x4000, 0x1500, 0x0022])
@pytest.mark.parametrize("group", [*range(0x5000, 0x5020, 2), *range(0x6000, 0x6020, 2)])
def test_curves_and_overlays_go_whole(
    group: int, element: int, ct: Dataset, write_file, target: Path, context: Context
):
    ct.add_new(group << 16 | element, "LO", "ZQ-Mueller")
    inner = Dataset()
    inner.add_new(group << 16 | element, "LO", "ZQ-Mueller")
    ct.add_new(UNLISTED_SEQUENCE, "SQ", [inner])
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"ZQ-Mueller" not in output


def test_private_attributes_go_at_every_depth(
    ct: Dataset, write_file, target: Path, context: Context
):
    inner = Dataset()
    for dataset in (inner, ct):
        dataset.add_new(0x00090010, "LO", "ZQ CREATOR")
        dataset.add_new(0x00091001, "PN", "ZQ^Mueller")
        dataset.add_new(0x00091002, "SQ", [Dataset()])
        dataset.add_new(0x7FE11010, "OB", b"ZQ-after-pixels!")
    ct.add_new(UNLISTED_SEQUENCE, "SQ", [inner])
    ct[UNKNOWN_SEQUENCE] = as_unknown(UNKNOWN_SEQUENCE, inner)
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"ZQ" not in output


@pytest.mark.parametrize("vr", ["LO", "UT", "PN", "CS", "OB", "UN", "AE", "UR"])
def test_text_in_an_attribute_that_no_dictionary_knows_goes(
    vr: str, ct: Dataset, write_file, target: Path, context: Context
):
    ct.add_new(0x0018FFF2, vr, b"ZQ-Mueller" if vr in ("OB", "UN") else "ZQ-MUELLER")
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"ZQ" not in output


def test_text_where_numbers_belong_goes(ct: Dataset, write_file, target: Path, context: Context):
    ct.add_new(0x00280008, "LO", "ZQ-MUELLER")  # Number of Frames is IS: text as well, no number
    ct.add_new(0x00280009, "LO", "ZQ-MUELLER")  # Frame Increment Pointer is AT
    ct.add_new(0x00280106, "PN", "ZQ-MUELLER")  # Smallest Image Pixel Value is US
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"ZQ" not in output


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x00189073, "ZQ-MUELLER"),  # Acquisition Duration is FD: 8 bytes
        (0x00280009, "ZQ-MUELLER"),  # Frame Increment Pointer is AT: 4 bytes
        (0x00280106, "ZQMUELLER "),  # Smallest Image Pixel Value is US: five numbers, all letters
        (0x00186060, "Muellerzq^Hans  "),  # R Wave Time Vector is FL
    ],
)
def test_text_where_the_dictionary_says_numbers_goes(
    tag: int, text: str, ct: Dataset, write_file, target: Path, context: Context
):
    ct[tag] = DataElement(tag, "LO", text)
    output = pseudonymize_file(write_file(ct, is_explicit=False), target, context)
    assert b"mueller" not in output.path.read_bytes().lower()


@pytest.mark.parametrize("numbers", [(65, 66, 67, 68), (0, 0, 0, 0), (65, 0, 0, 0)])
def test_numbers_whose_bytes_are_letters_stay(
    numbers: tuple[int, ...], ct: Dataset, write_file, target: Path, context: Context
):
    ct.add_new(0x00283002, "US", list(numbers))  # LUT Descriptor
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"\x28\x00\x02\x30US\x08\x00" + pack("<4H", *numbers) in output


def test_an_encapsulated_document_inside_a_sequence_is_removed(
    ct: Dataset, write_file, target: Path, context: Context
):
    inner = Dataset()
    inner.add_new(ENCAPSULATED_DOCUMENT, "OB", b"ZQ-a-letter")
    ct.add_new(UNLISTED_SEQUENCE, "SQ", [inner])
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"ZQ" not in output
