"""JPEG, PNG, BMP, GIF and WebP."""

import struct

import imagecodecs
import numpy as np
from PIL import ImageCms

from tests.formats.samples import Refused, Sample, pillow, pillow_frames, pillow_on_white

from raster_samples import animated, chunk, moving, planted_exif, png, saved, scene  # isort: skip

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DEEP = (np.arange(20 * 34).reshape(20, 34) * 96).astype("u2")
GRAY = scene().convert("L")
CLEAR = scene().convert("RGBA").rotate(9)


def samples() -> list[Sample]:
    return [*jpegs(), *pngs(), *others()]


def jpegs() -> list[Sample]:
    twelve = imagecodecs.jpeg8_encode(DEEP >> 4, bitspersample=12)
    lossless = imagecodecs.jpeg8_encode(DEEP, bitspersample=16, lossless=True)
    camera = saved(scene(), "JPEG", exif=planted_exif(), icc_profile=PROFILE)
    rgb = pillow("RGB")
    return [
        Sample("JPEG", "baseline, color", saved(scene(), "JPEG"), "Pillow", rgb),
        Sample("JPEG", "baseline, gray", saved(GRAY, "JPEG"), "Pillow", pillow("L")),
        Sample("JPEG", "baseline, of a camera", camera, "Pillow", rgb, is_photograph=True),
        Sample(
            "JPEG", "turned by EXIF", saved(scene(), "JPEG", exif=planted_exif(6)), "Pillow", rgb
        ),
        Sample("JPEG", "progressive", saved(scene(), "JPEG", progressive=True), "Pillow", rgb),
        Sample("JPEG", "RGB, not YCbCr", saved(scene(), "JPEG", keep_rgb=True), "Pillow", rgb),
        Sample("JPEG", "CMYK", saved(scene().convert("CMYK"), "JPEG"), "Pillow", rgb),
        Sample("JPEG", "gray of 12 bits", twelve, "imagecodecs", imagecodecs.jpeg8_decode),
        Sample("JPEG", "lossless, gray", lossless, "imagecodecs", imagecodecs.jpeg8_decode),
    ]


def pngs() -> list[Sample]:
    gray_16, color_16 = DEEP[..., np.newaxis], np.dstack([DEEP, DEEP + 1, DEEP + 2])
    one_bit = scene().convert("1")
    return [
        Sample("PNG", "RGB", saved(scene(), "PNG", icc_profile=PROFILE), "Pillow", pillow("RGB")),
        Sample("PNG", "with alpha", saved(CLEAR, "PNG"), "Pillow", pillow_on_white),
        Sample("PNG", "palette", saved(scene().convert("P"), "PNG"), "Pillow", pillow("RGB")),
        Sample("PNG", "gray", saved(GRAY, "PNG"), "Pillow", pillow("L")),
        Sample("PNG", "1 bit", saved(one_bit, "PNG"), "Pillow", pillow("L")),
        Sample("PNG", "gray of 16 bits", png(gray_16, 16, 0), "its samples", lambda _: DEEP),
        Sample("PNG", "RGB of 16 bits", png(color_16, 16, 2), "its samples", lambda _: color_16),
        Sample(
            "PNG",
            "animated",
            animated("PNG", moving(), duration=[40, 100, 40]),
            "Pillow",
            pillow_frames("RGB"),
        ),
    ]


def others() -> list[Sample]:
    frames = {"duration": [40, 100, 40]}
    lossless = saved(CLEAR, "WebP", lossless=True)
    moving_gif = animated("GIF", moving(), **frames)
    return [
        Sample("BMP", "RGB", saved(scene(), "BMP"), "Pillow", pillow("RGB")),
        Sample("BMP", "palette", saved(scene().convert("P"), "BMP"), "Pillow", pillow("RGB")),
        Sample("GIF", "one picture", saved(scene(), "GIF"), "Pillow", pillow("RGB")),
        Sample("GIF", "animated", moving_gif, "Pillow", pillow_frames("RGB")),
        Sample("WebP", "lossy", saved(scene(), "WebP"), "Pillow", pillow("RGB")),
        Sample("WebP", "lossless, with alpha", lossless, "Pillow", pillow_on_white),
        Sample(
            "WebP",
            "animated",
            animated("WebP", moving(), lossless=True, **frames),
            "Pillow",
            pillow_frames("RGB"),
        ),
    ]


def refused() -> list[Refused]:
    deep = bytearray(saved(scene(), "JPEG"))
    deep[deep.index(b"\xff\xc0") + 4] = 12
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 45_000, 45_000, 8, 2, 0, 0, 0))
    large = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    return [
        Refused("JPEG in color with more than 8 bits", bytes(deep)),
        Refused("JPEG 2000 as a file", saved(scene(), "JPEG2000")),
        Refused("HEIC, AVIF", b"\0\0\0\x1cftypheic" + bytes(400)),
        Refused("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(400)),
        Refused("CZI, LIF, ND2", b"ZISRAWFILE" + bytes(400)),
        Refused("MP4, AVI, MPEG, WebM", b"\0\0\0\x18ftypmp42" + bytes(400)),
        Refused("PDF", b"%PDF-1.7\n" + bytes(400)),
        Refused("a picture cut short", saved(scene(), "JPEG")[:-200]),
        Refused("a picture of 2 billion pixels", large),
    ]
