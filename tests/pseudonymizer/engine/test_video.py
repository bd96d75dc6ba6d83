"""Videos that a data steward let through: the stream stays, what an MP4 file tells goes."""

from dataclasses import replace
from pathlib import Path
from random import Random
from struct import pack

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments, parse_basic_offsets
from pydicom.filebase import DicomBytesIO
from pydicom.uid import MPEG2MPML, MPEG4HP41

from pseudonymizer.engine import Context, HeldBack, pseudonymize_file

ENDOSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.1.1"
MPEG = b"\0\0\1\xb3\x28\x01\xe0\x24" + bytes(range(200))
FRAMES = bytes((7 * number + 1) % 251 for number in range(500))
MADE_ON = pack(">LL", 3_786_912_000, 3_786_912_001)


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return pack(">L", 8 + len(content)) + kind + content


def mp4(
    references: bytes = box(b"dinf", box(b"dref", pack(">LL", 0, 1), box(b"url ", b"\0\0\0\1"))),
):
    """Return an MP4 file with every place that may name somebody."""
    header = box(b"mvhd", bytes(4), MADE_ON, bytes(92))
    track = box(
        b"trak",
        box(b"tkhd", b"\1\0\0\7", pack(">QQ", 3_786_912_000, 3_786_912_001), bytes(80)),
        box(
            b"mdia",
            box(b"mdhd", bytes(4), MADE_ON, bytes(16)),
            box(b"hdlr", bytes(8), b"vide", bytes(12), b"Krummbiegel's camera\0"),
            box(b"minf", box(b"vmhd", bytes(12)), references, box(b"stbl", box(b"stsd", bytes(8)))),
        ),
        box(b"meta", bytes(4), b"Krummbiegel"),
    )
    told = box(b"udta", box(b"\xa9nam", b"Krummbiegel Adelheid"), box(b"\xa9xyz", b"+52.5+013.4/"))
    return b"".join(
        [
            box(b"ftyp", b"isom\0\0\2\0isommp41"),
            box(b"uuid", bytes(16), b"<x:xmpmeta>Krummbiegel</x:xmpmeta>"),
            box(b"moov", header, track, told),
            pack(">L4sQ", 1, b"mdat", 16 + len(FRAMES)) + FRAMES,
            box(b"free", b"Krummbiegel"),
        ]
    )


@pytest.fixture
def accepted(context: Context) -> Context:
    return replace(context, accepted=frozenset({"video"}))


def write_video(ct: Dataset, path: Path, *fragments: bytes, syntax: str = MPEG4HP41) -> Path:
    ct.SOPClassUID = ENDOSCOPY
    ct.Modality, ct.NumberOfFrames, ct.PatientName = "ES", "25", "Krummbiegel^Adelheid"
    ct.PixelData = encapsulate(list(fragments), has_bot=False)
    ct["PixelData"].VR, ct["PixelData"].is_undefined_length = "OB", True
    ct.file_meta = pydicom.dataset.FileMetaDataset()
    ct.file_meta.TransferSyntaxUID = syntax
    ct.save_as(path, enforce_file_format=True)
    return path


def fragments_of(path: Path) -> list[bytes]:
    items = DicomBytesIO(pydicom.dcmread(path).PixelData)
    items.is_little_endian = True
    parse_basic_offsets(items)
    return list(generate_fragments(items))


@pytest.mark.parametrize("syntax", [MPEG2MPML, MPEG4HP41])
def test_a_video_is_held_until_a_steward_accepts_it(
    syntax: str, ct: Dataset, tmp_path: Path, target: Path, context: Context
):
    source = write_video(ct, tmp_path / "video.dcm", MPEG, syntax=syntax)
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(source, target, context)
    assert caught.value.code == "video"
    assert not list(target.iterdir())


def test_the_stream_stays_byte_for_byte(
    ct: Dataset, tmp_path: Path, target: Path, accepted: Context
):
    parts = [MPEG, MPEG[::-1], MPEG[:100]]
    source = write_video(ct, tmp_path / "video.dcm", *parts, syntax=MPEG2MPML)
    result = pseudonymize_file(source, target, accepted)
    output = pydicom.dcmread(result.path)
    assert fragments_of(result.path) == parts
    assert output.file_meta.TransferSyntaxUID == MPEG2MPML
    assert output.PatientName == accepted.subject.pseudonym
    assert output.NumberOfFrames == 25
    assert output.BurnedInAnnotation == "NO"
    assert any("steward looked" in said for said in output.DeidentificationMethod)


def test_an_mp4_file_keeps_its_places_and_loses_what_it_tells(
    ct: Dataset, tmp_path: Path, target: Path, accepted: Context
):
    source = mp4()
    path = write_video(ct, tmp_path / "video.dcm", source + b"\0" * (len(source) % 2))
    written = pseudonymize_file(path, target, accepted).path
    (found,) = fragments_of(written)
    found = found[: len(source)]
    assert b"Krummbiegel" in source
    for told in (b"Krummbiegel", b"+52.5", MADE_ON, pack(">Q", 3_786_912_000)):
        assert told not in written.read_bytes()
    assert len(found) == len(source)
    assert found.index(FRAMES) == source.index(FRAMES)
    for kind in (b"ftyp", b"moov", b"trak", b"mvhd", b"tkhd", b"mdia", b"hdlr", b"vide", b"stsd"):
        assert found.index(kind) == source.index(kind)


@pytest.mark.parametrize(
    "content",
    [
        mp4(box(b"dinf", box(b"dref", pack(">LL", 0, 1), box(b"url ", b"\0\0\0\0file:///Kr.mov")))),
        mp4()[:-3],
        box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", b"\0")),
        box(b"ftyp", b"isom") + pack(">L4s", 4, b"moov"),
        box(b"ftyp", b"isom") + pack(">L4sQ", 1, b"mdat", 2**63),
        box(b"ftyp", b"isom") + b"\0\0\0\1",
    ],
    ids=["other file", "cut", "no dates", "too short", "too long", "rest"],
)
def test_an_mp4_file_that_cannot_be_read_stays_held(
    content: bytes, ct: Dataset, tmp_path: Path, target: Path, accepted: Context
):
    source = write_video(ct, tmp_path / "video.dcm", content + b"\0" * (len(content) % 2))
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(source, target, accepted)
    assert caught.value.code == "damaged-frame"


def test_an_mp4_file_in_several_fragments_stays_held(
    ct: Dataset, tmp_path: Path, target: Path, accepted: Context
):
    source = write_video(ct, tmp_path / "video.dcm", mp4()[:300], mp4()[300:] + b"\0")
    with pytest.raises(HeldBack):
        pseudonymize_file(source, target, accepted)


def test_damaged_boxes_end_in_a_reason(
    ct: Dataset, tmp_path: Path, target: Path, accepted: Context
):
    random, whole = Random(7), mp4()  # noqa: S311 (the same every time)
    ends = set()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            damaged[random.randrange(8, len(damaged))] = random.randrange(256)
        source = write_video(
            ct, tmp_path / "video.dcm", bytes(damaged + b"\0" * (len(damaged) % 2))
        )
        try:
            found = fragments_of(pseudonymize_file(source, target, accepted).path)
            assert abs(len(found[0]) - len(damaged)) <= 1
            ends.add("written")
        except HeldBack as held:
            ends.add(held.code)
    assert ends == {"written", "damaged-frame"}
