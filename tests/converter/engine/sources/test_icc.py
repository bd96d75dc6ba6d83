import io

import numpy as np
from PIL import Image, ImageCms
from raster_samples import saved, scene

from converter.engine.sources.icc import color_only


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def to_lab(image: Image.Image, profile: bytes) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    lab = ImageCms.createProfile("LAB")
    return np.asarray(ImageCms.profileToProfile(image, source, lab, outputMode="LAB"))


def test_a_reduced_profile_means_the_same_colors():
    reduced = color_only(srgb_profile())
    assert (to_lab(scene(), reduced) == to_lab(scene(), srgb_profile())).all()


def test_texts_dates_and_makers_are_gone():
    profile = bytearray(srgb_profile())
    place = profile.index("sRGB built-in".encode("utf-16-be"))
    name = "Hans Mueller ".encode("utf-16-be")
    profile[place : place + len(name)] = name
    profile[48:52] = b"ACME"
    reduced = color_only(bytes(profile))
    assert name not in reduced
    assert b"ACME" not in reduced
    description = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(reduced)))
    assert description.strip() == "RGB"


def test_what_is_no_rgb_profile_is_left_out():
    assert color_only(b"not a profile") is None
    assert color_only(srgb_profile()[:200]) is None
    gray = bytearray(srgb_profile())
    gray[16:20] = b"GRAY"
    assert color_only(bytes(gray)) is None


def test_the_profile_of_a_picture_moves_to_its_attribute(convert):
    for kind in ("JPEG", "PNG"):
        (dataset,) = convert(saved(scene(), kind, icc_profile=srgb_profile()))
        assert dataset.ICCProfile.rstrip(b"\0") == color_only(srgb_profile()).rstrip(b"\0")
        assert b"ICC_PROFILE" not in dataset.PixelData


def test_a_gray_picture_takes_no_profile(convert):
    (dataset,) = convert(saved(scene().convert("L"), "PNG", icc_profile=srgb_profile()))
    assert "ICCProfile" not in dataset
