"""Files that lie about themselves end as an error or a right result, and soon."""

from pathlib import Path
from struct import pack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from pseudonymizer.engine import (
    Context,
    PseudonymizationError,
    pseudonymize_file,
    read_header,
)

SEQUENCE_TAG = (0x0008, 0x1115)


def code_of(source: Path, target: Path, context: Context) -> str:
    with pytest.raises(PseudonymizationError) as caught:
        pseudonymize_file(source, target, context)
    assert list(target.iterdir()) == []
    return caught.value.code


def short_element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", group, number, vr, len(value)) + value


def with_header_bytes(ct: Dataset, write_file, inserted: bytes) -> Path:
    """Put raw elements before the pixel data."""
    pixels = ct[0x7FE00010]
    del ct[0x7FE00010]
    tail = inserted + pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 12) + pixels.value
    return write_file(ct, tail=tail)


def test_an_empty_file_is_refused(tmp_path: Path, target: Path, context: Context):
    (tmp_path / "empty").touch()
    assert code_of(tmp_path / "empty", target, context) == "empty"


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0" + bytes(500), b"not an image", bytes(1000), b"MZ", b"\0"]
)
def test_what_is_no_dicom_file_is_refused(
    content: bytes, tmp_path: Path, target: Path, context: Context
):
    (tmp_path / "other").write_bytes(content)
    assert code_of(tmp_path / "other", target, context) == "not-dicom"


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit"])
def test_a_media_directory_is_refused(name: str, target: Path, context: Context):
    assert code_of(Path(str(get_testdata_file(name))), target, context) == "dicomdir"


@pytest.mark.parametrize("kept", [133, 200, 330, 1000, 5000, 20_000, 39_000])
@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm"])
def test_a_file_cut_anywhere_is_refused(
    name: str, kept: int, tmp_path: Path, target: Path, context: Context
):
    content = Path(str(get_testdata_file(name))).read_bytes()
    source = tmp_path / "cut"
    source.write_bytes(content[: min(kept, len(content) - 1000)])
    assert code_of(source, target, context) in ("truncated", "no-sop-instance-uid", "damaged")


def test_truncated_pixel_data_is_refused(target: Path, context: Context):
    assert code_of(Path(str(get_testdata_file("MR_truncated.dcm"))), target, context) == "truncated"


@pytest.mark.parametrize("is_undefined", [True, False])
@pytest.mark.parametrize("levels", [1000, 5000])
def test_thousands_of_nested_sequences_are_refused(
    levels: int, is_undefined: bool, ct: Dataset, write_file, target: Path, context: Context
):
    content = b""
    if is_undefined:
        head = pack("<HH2sHL", *SEQUENCE_TAG, b"SQ", 0, 0xFFFFFFFF)
        content = (head + pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)) * levels
    else:
        for _ in range(levels):
            item = pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
            content = pack("<HH2sHL", *SEQUENCE_TAG, b"SQ", 0, len(item)) + item
    assert code_of(with_header_bytes(ct, write_file, content), target, context) == "damaged"


def test_sixty_levels_are_read_to_the_ground(
    ct: Dataset, write_file, target: Path, context: Context
):
    content = short_element(0x0010, 0x0010, b"PN", b"ZQ^Hans ")
    content += short_element(0x0018, 0x0060, b"DS", b"120.0 ")
    for _ in range(60):
        item = pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
        content = pack("<HH2sHL", *SEQUENCE_TAG, b"SQ", 0, len(item)) + item
    output = pseudonymize_file(with_header_bytes(ct, write_file, content), target, context)
    assert b"ZQ" not in output.path.read_bytes()
    assert b"120.0 " in output.path.read_bytes()


@pytest.mark.timeout(20)
def test_megabytes_of_zeros_between_elements_are_refused_at_once(
    ct: Dataset, write_file, target: Path, context: Context
):
    source = with_header_bytes(ct, write_file, bytes(10_000_000))
    assert code_of(source, target, context) == "damaged"


def test_thousands_of_levels_inside_un_leave_nothing(
    ct: Dataset, write_file, target: Path, context: Context
):
    content = short_element(0x0010, 0x0010, b"PN", b"ZQ^Hans ")
    for _ in range(3000):
        item = pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
        content = pack("<HHL", 0x0018, 0xFFF0, len(item)) + item
    unknown = pack("<HH2sHL", 0x0018, 0xFFF2, b"UN", 0, len(content) + 8)
    unknown += pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
    result = pseudonymize_file(with_header_bytes(ct, write_file, unknown), target, context)
    assert b"ZQ" not in result.path.read_bytes()


@pytest.mark.timeout(30)
def test_two_hundred_thousand_elements_are_no_trouble(
    ct: Dataset, write_file, target: Path, context: Context
):
    item = short_element(0x0010, 0x0010, b"PN", b"ZQ^Hans ")
    item = pack("<HHL", 0xFFFE, 0xE000, len(item)) + item
    items = item * 200_000
    content = pack("<HH2sHL", *SEQUENCE_TAG, b"SQ", 0, len(items)) + items
    result = pseudonymize_file(with_header_bytes(ct, write_file, content), target, context)
    assert b"ZQ" not in result.path.read_bytes()


@pytest.mark.parametrize(
    "element",
    [
        pack("<HH2sHL", 0x0008, 0x1115, b"SQ", 0, 0x7FFFFFF0),
        pack("<HH2sHL", 0x0008, 0x1115, b"SQ", 0, 0xFFFFFFFF),
        pack("<HH2sHL", 0x0018, 0xFFF0, b"UN", 0, 0xFFFFFFFE),
        pack("<HH2sH", 0x0008, 0x103E, b"LO", 0xFFFF),
        pack("<HH2sHL", 0x0008, 0x1115, b"SQ", 0, 8) + pack("<HHL", 0xFFFE, 0xE000, 0x100),
        pack("<HHL", 0xFFFE, 0xE00D, 0),
        pack("<HH2sH", 0x0008, 0x103E, b"\0\0", 4) + b"abcd",
        pack("<HH2sHL", 0x0042, 0x0012, b"UT", 0, 0xFFFFFFFF),
    ],
)
def test_lying_lengths_are_refused(
    element: bytes, ct: Dataset, write_file, target: Path, context: Context
):
    source = with_header_bytes(ct, write_file, element)
    assert code_of(source, target, context) in ("damaged", "truncated")


def test_a_header_can_be_read_from_a_file_whose_pixels_are_cut(
    ct: Dataset, write_file, tmp_path: Path
):
    cut = tmp_path / "cut"
    cut.write_bytes(write_file(ct).read_bytes()[:-4])
    assert read_header(cut).modality == "CT"


def test_a_bomb_inside_a_deflated_file_is_refused(
    tmp_path: Path, target: Path, context: Context, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pseudonymizer.engine.part10._LONGEST_INFLATED", 1000)
    source = Path(str(get_testdata_file("image_dfl.dcm")))
    assert code_of(source, target, context) == "damaged"


@settings(
    max_examples=300,
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 8000), st.integers(0, 255)), min_size=1, max_size=20)
)
@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_bigendian.dcm", "rtplan.dcm", "reportsi.dcm"]
)
def test_flipped_bytes_never_cause_another_error(
    name: str,
    changes: list[tuple[int, int]],
    tmp_path: Path,
    target: Path,
    context: Context,
):
    content = bytearray(Path(str(get_testdata_file(name))).read_bytes())
    for place, value in changes:
        content[132 + place % (len(content) - 132)] = value
    source = tmp_path / "flipped"
    source.write_bytes(content)
    try:
        result = pseudonymize_file(source, target, context)
    except PseudonymizationError:
        return
    assert result.path.is_file()
    result.path.unlink()


def test_an_item_too_short_for_an_element_is_no_accident(ct: Dataset, write_file, target, context):
    del ct[0x7FE00010]
    item = pack("<HHL", 0xFFFE, 0xE000, 6) + pack("<HH", 0x0008, 0x0005) + b"CS"
    tail = pack("<HHL", 0x0040, 0xA730, len(item)) + item
    source = write_file(ct, is_explicit=False, tail=tail)
    assert code_of(source, target, context) == "truncated"
