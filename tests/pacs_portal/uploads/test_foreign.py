"""Formats that no tool takes are known, so that a person hears what to do with them."""

import gzip
import io
import struct
from pathlib import PurePosixPath

import imagecodecs
import nibabel
import numpy as np
import pytest
from PIL import Image

from converter.engine.foreign import FOREIGN
from converter.step import ConvertStep
from pacs_portal.uploads.foreign import FOREIGN_KINDS
from pacs_portal.uploads.kinds import LABELS
from pacs_portal.uploads.sniffing import sniff_file, sniff_head

PIXELS = np.arange(12 * 8 * 3, dtype=np.uint8).reshape(12, 8, 3)


def saved(kind: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(PIXELS).save(content, kind)
    return content.getvalue()


def mgh() -> bytes:
    return nibabel.MGHImage(np.zeros((2, 3, 4), np.int16), np.eye(4)).to_bytes()


CONTENTS = [
    ("jpeg2000", lambda: saved("JPEG2000")),
    ("jpeg2000", lambda: imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k")),
    ("jpegxl", lambda: imagecodecs.jpegxl_encode(PIXELS, usecontainer=True)),
    ("heif", lambda: saved("AVIF")),
    ("heif", lambda: b"\0\0\0\x24ftypheic\0\0\0\0mif1" + bytes(500)),
    ("video", lambda: b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(500)),
    ("video", lambda: b"RIFF\x24\0\0\0AVI LIST" + bytes(500)),
    ("nrrd", lambda: b"NRRD0004\ntype: short\ndimension: 3\n\n" + bytes(500)),
    ("metaimage", lambda: b"ObjectType = Image\nNDims = 3\n" + bytes(500)),
    ("mgh", mgh),
    ("mgh", lambda: gzip.compress(mgh())),
    ("microscope", lambda: b"ZISRAWFILE" + bytes(500)),
    ("microscope", lambda: struct.pack("<IIB", 0x70, 40, 0x2A) + bytes(500)),
]


@pytest.mark.parametrize(("kind", "make"), CONTENTS)
def test_a_format_is_known_by_its_content_and_refused_with_what_to_do(kind, make):
    assert sniff_head(make()) == kind
    code, sentence = ConvertStep().refusal(kind)
    assert (code, sentence) == ("unsupported", FOREIGN[kind])


def test_every_format_has_a_name_and_a_sentence():
    assert FOREIGN.keys() == FOREIGN_KINDS
    assert LABELS.keys() >= FOREIGN_KINDS


@pytest.mark.parametrize("make", [lambda: b"\0\0\1\xba" + bytes(500), mgh])
def test_voxels_may_begin_like_anything(make, tmp_path):
    (tmp_path / "1").write_bytes(make())
    assert sniff_file(tmp_path / "1", PurePosixPath("brain.img")) == "voxels"
    assert sniff_file(tmp_path / "1", PurePosixPath("brain.bin")) in FOREIGN_KINDS


@pytest.mark.parametrize(
    "head", [b"NRRD", b"ObjectType", b"\0\0\0\x18ftypcrx ", b"\0\0\0\1" + bytes(300), b"\0" * 400]
)
def test_what_only_begins_alike_is_nothing(head):
    assert sniff_head(head) == "unknown"
