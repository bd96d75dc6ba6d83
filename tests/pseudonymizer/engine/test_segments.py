"""Words inside the segments that a decoder needs, behind what the segment says of itself."""

from pathlib import Path

import pytest

from pseudonymizer.engine import Context, HeldBack, pseudonymize_file
from tests.pseudonymizer.engine.frame_files import (
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    PLANTED,
    file_of,
    jpeg2000_of,
    jpeg_of,
    picture,
)


def longer(stream: bytes, marker: bytes) -> bytes:
    """Put words at the end of a segment and count them in its length."""
    start = stream.index(marker) + 2
    length = int.from_bytes(stream[start : start + 2], "big")
    counted = (length + len(PLANTED)).to_bytes(2, "big")
    end = start + length
    return stream[:start] + counted + stream[start + 2 : end] + PLANTED + stream[end:]


def with_segment(stream: bytes, marker: int) -> bytes:
    head = bytes((0xFF, marker)) + (len(PLANTED) + 2).to_bytes(2, "big")
    return stream[:2] + head + PLANTED + stream[2:]


def held(path: Path, frame: bytes, syntax: str, target: Path, context: Context) -> str:
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(file_of(path, [frame], syntax, is_color=False), target, context)
    return caught.value.code


@pytest.mark.parametrize("marker", [0xDB, 0xC4, 0xC0, 0xDA], ids=["DQT", "DHT", "SOF", "SOS"])
def test_a_jpeg_table_that_is_too_long_is_held(
    marker: int, tmp_path: Path, target: Path, context: Context
) -> None:
    frame = longer(jpeg_of(picture(1, is_color=False)), bytes((0xFF, marker)))
    assert held(tmp_path / "source", frame, JPEG_BASELINE, target, context) == "damaged-frame"


@pytest.mark.parametrize("marker", [0xDC, 0xDD, 0xDE, 0xDF, 0xCC, 0xC8, 0xF0])
def test_a_jpeg_segment_full_of_words_is_held(
    marker: int, tmp_path: Path, target: Path, context: Context
) -> None:
    frame = with_segment(jpeg_of(picture(1, is_color=False)), marker)
    assert held(tmp_path / "source", frame, JPEG_BASELINE, target, context) == "damaged-frame"


@pytest.mark.parametrize("marker", [0x51, 0x52, 0x5C], ids=["SIZ", "COD", "QCD"])
def test_a_jpeg_2000_segment_that_is_too_long_is_held(
    marker: int, tmp_path: Path, target: Path, context: Context
) -> None:
    frame = longer(jpeg2000_of(picture(1, is_color=False)), bytes((0xFF, marker)))
    assert held(tmp_path / "source", frame, JPEG_2000_LOSSLESS, target, context) == "damaged-frame"


def test_a_jp2_file_gets_its_type_anew(tmp_path: Path, target: Path, context: Context) -> None:
    frame = jpeg2000_of(picture(1, is_color=False), is_file=True)
    start = frame.index(b"ftyp") - 4
    length = int.from_bytes(frame[start : start + 4], "big")
    counted = (length + len(PLANTED)).to_bytes(4, "big")
    end = start + length
    frame = frame[:start] + counted + frame[start + 4 : end] + PLANTED + frame[end:]
    source = file_of(tmp_path / "source", [frame], JPEG_2000_LOSSLESS)
    output = pseudonymize_file(source, target, context).path
    assert PLANTED not in output.read_bytes()
