"""A profile of colors keeps them, and nothing that its maker wrote beside them."""

from io import BytesIO
from struct import pack, unpack_from

import pydicom
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, pseudonymize_file
from pseudonymizer.engine.icc_profiles import color_only

BUILT_IN, PLANTED = "sRGB built-in", "Dr.Zwirbelmay"  # of one length
COLORS = [(0, 0, 0), (255, 255, 255), (200, 30, 90), (12, 250, 128), (1, 2, 3)]


@pytest.fixture
def profile() -> bytes:
    """A profile of version 4 whose description names a person."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    planted = made.replace(BUILT_IN.encode("utf-16-be"), PLANTED.encode("utf-16-be"))
    assert planted != made
    return planted


def version_two(curve_bytes: bytes) -> bytes:
    """A gray profile with a text of each old type, and a tag that nobody knows."""
    values = {
        b"desc": b"desc" + bytes(4) + pack(">I", 14) + b"Dr.Zwirbelmay\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"Dr.Zwirbelmay\0\0\0",
        b"vued": b"ZXML" + bytes(4) + b"Dr.Zwirbelmay\0\0\0",
        b"wtpt": b"XYZ " + bytes(4) + pack(">3i", 63190, 65536, 54061),
        b"kTRC": curve_bytes,
    }
    table, content = pack(">I", len(values)), b""
    first = 128 + 4 + 12 * len(values)
    for name, value in values.items():
        table += pack(">4sII", name, first + len(content), len(value))
        content += value
    header = pack(">I4sI4s4s4s6H", 0, b"ZWIR", 0x02100000, b"mntr", b"GRAY", b"XYZ ", *[2019] * 6)
    header += b"acspAPPL" + bytes(4) + b"ZWIRMAYR" + bytes(12) + pack(">3i", 63190, 65536, 54061)
    header = (header + b"ZWIR").ljust(128, b"Z")
    whole = header + table + content
    return pack(">I", len(whole)) + whole[4:]


def in_lab(profile: bytes) -> bytes:
    image = Image.new("RGB", (len(COLORS), 1))
    image.putdata(COLORS)
    lab = ImageCms.createProfile("LAB")
    seen = ImageCms.profileToProfile(image, BytesIO(profile), lab, outputMode="LAB")
    assert seen is not None
    return seen.tobytes()


def test_the_colors_stay(profile: bytes) -> None:
    cleaned = color_only(profile)
    assert cleaned is not None
    assert len(cleaned) == len(profile)
    assert in_lab(cleaned) == in_lab(profile)


def test_its_texts_date_and_makers_go(profile: bytes) -> None:
    cleaned = color_only(profile)
    assert cleaned is not None
    assert PLANTED.encode("utf-16-be") not in cleaned
    assert unpack_from(">6H", cleaned, 24) == (2000, 1, 1, 0, 0, 0)
    assert not any(cleaned[4:8] + cleaned[40:44] + cleaned[48:56] + cleaned[80:128])
    assert PLANTED not in ImageCms.getProfileDescription(BytesIO(cleaned))


def test_old_texts_and_unknown_tags_go() -> None:
    curve = b"curv" + bytes(4) + pack(">IH", 1, 0x01CD) + b"\0\0"
    cleaned = color_only(version_two(curve))
    assert cleaned is not None
    assert not any(word in cleaned for word in (b"Zwirbel", b"ZWIR", b"MAYR", b"ZZZZ", b"ZXML"))
    assert curve in cleaned
    assert unpack_from(">I", cleaned, 128) == (4,)


@pytest.mark.parametrize("length", [0, 131, 140, 500])
def test_what_is_cut_short_is_no_profile(profile: bytes, length: int) -> None:
    assert color_only(profile[:length]) is None


def test_a_file_keeps_its_profiles_without_names(
    profile: bytes, ct: Dataset, write_file, target, context: Context
) -> None:
    path = Dataset()
    path.ICCProfile = profile + b"\0" * (len(profile) % 2)
    ct.ICCProfile, ct.OpticalPathSequence = path.ICCProfile, [path]
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    for dataset in (output, output.OpticalPathSequence[0]):
        assert PLANTED.encode("utf-16-be") not in dataset.ICCProfile
        assert in_lab(dataset.ICCProfile) == in_lab(profile)
