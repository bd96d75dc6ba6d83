import dataclasses
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
from nibabel.testing import data_path
from nifti_samples import AFFINES, counted, nifti, packed
from PIL import ImageCms
from pydicom.data import get_testdata_file
from raster_samples import animated, moving, pages, planted_exif, png, saved, scene, tiff
from series_samples import GIVEN, a_series

from converter.engine import Attributes, ConversionError
from converter.engine.instances import IMPLEMENTATION_CLASS_UID

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RGB16 = png(counted("u2").reshape(6, 5, 7)[..., :3], 16, 2)
PICTURES = {
    "baseline JPEG": saved(scene(), "JPEG", icc_profile=PROFILE),
    "gray JPEG": saved(scene().convert("L"), "JPEG"),
    "RGB JPEG": saved(scene(), "JPEG", keep_rgb=True),
    "progressive JPEG": saved(scene(), "JPEG", progressive=True),
    "CMYK JPEG": saved(scene().convert("CMYK"), "JPEG"),
    "turned JPEG": saved(scene(), "JPEG", exif=planted_exif(6)),
    "PNG": saved(scene(), "PNG", icc_profile=PROFILE),
    "PNG with alpha": saved(scene().convert("RGBA").rotate(9), "PNG"),
    "PNG of one bit": saved(scene().convert("1"), "PNG"),
    "BMP": saved(scene(), "BMP"),
    "GIF": saved(scene(), "GIF"),
    "WebP": saved(scene(), "WebP", icc_profile=PROFILE),
    "lossless WebP with alpha": saved(scene().convert("RGBA").rotate(9), "WebP", lossless=True),
}
ANIMATIONS = {
    "moving GIF": animated("GIF", moving(), duration=[40, 100, 40]),
    "gray moving GIF": animated("GIF", moving(mode="L"), duration=40),
    "moving WebP": animated("WebP", moving(), duration=40),
    "moving PNG": animated("PNG", moving(), duration=[40, 100, 40]),
    "gray moving PNG": animated("PNG", moving(mode="L"), duration=[40, 100, 40]),
}
COUNTED = counted("u2").reshape(6, 35)
TIFFS = {
    "TIFF": tiff(np.asarray(scene()), photometric="rgb", resolution=(300, 300)),
    "gray TIFF of 16 bits": tiff(COUNTED),
    "RGB TIFF of 16 bits": tiff(np.dstack([COUNTED] * 3), photometric="rgb", planarconfig=1),
    "float TIFF": tiff(COUNTED * np.float32(0.37)),
    "float TIFF with gaps": tiff(np.where(COUNTED % 3, COUNTED * np.float32(0.37), np.nan)),
    "signed TIFF": tiff(COUNTED.astype("i2") - 100),
    "TIFF of pages": pages(*(np.asarray(one) for one in moving())),
    "TIFF of gray pages": pages(COUNTED, COUNTED + 1),
    "TIFF of gray pages of 8 bits": pages(COUNTED.astype("u1"), COUNTED.astype("u1") + 1),
    "TIFF of unlike pages": pages(COUNTED, COUNTED[:3]),
    "scanned TIFF of pages": pages(COUNTED, COUNTED + 1, resolution=(300, 600)),
}
CAPTURES = {
    **PICTURES,
    **ANIMATIONS,
    **TIFFS,
    "gray PNG of 16 bits": png(counted("u2").reshape(42, 5, 1), 16, 0),
    "RGB PNG of 16 bits": RGB16,
}
VOLUMES = {
    "int16": nifti(counted("i2", first=-100)),
    "uint8, packed": packed(nifti(counted("u1"), AFFINES["LAS"])),
    "float32": nifti(counted("f4", factor=0.37)),
    "float64 below 1": nifti(counted("f8", factor=1e-9)),
    "float32 to the edge": nifti(counted("f4", factor=1e36)),
    "float32 with gaps": nifti(np.where(counted("i4") % 3, counted("f4", factor=0.37), np.nan)),
    "scaled int16": nifti(counted("i2"), scl_slope=0.1, scl_inter=-7),
}


@pytest.mark.parametrize("attributes", [Attributes(), GIVEN], ids=["bare", "attributes"])
@pytest.mark.parametrize(
    ("source", "options"),
    [
        *(
            pytest.param(data, {"photograph": True}, id=f"{n} photo")
            for n, data in PICTURES.items()
        ),
        *(pytest.param(data, {"photograph": False}, id=name) for name, data in CAPTURES.items()),
        *(pytest.param(data, {"modality": "MR"}, id=f"{n} MR") for n, data in VOLUMES.items()),
        *(pytest.param(data, {"modality": "CT"}, id=f"{n} CT") for n, data in VOLUMES.items()),
        pytest.param(Path(data_path) / "anatomical.nii", {}, id="anatomical.nii"),
    ],
)
def test_dciodvfy_finds_no_error(convert_paths, dciodvfy_errors, source, options, attributes):
    converted = convert_paths(source, attributes=attributes, **options)
    for one in (converted[0], converted[-1]):
        assert dciodvfy_errors(one.path) == []


@pytest.mark.parametrize(
    "source",
    [PICTURES["baseline JPEG"], ANIMATIONS["moving GIF"], TIFFS["TIFF"], VOLUMES["float32"]],
)
def test_the_same_input_gives_the_same_bytes(convert_paths, source):
    first = {one.path.name: one.path.read_bytes() for one in convert_paths(source)}
    for name in first:
        assert name.endswith(".dcm")
    second = {one.path.name: one.path.read_bytes() for one in convert_paths(source)}
    assert first == second


def test_another_seed_gives_other_instances_of_the_same_series(convert):
    first = convert(VOLUMES["int16"])
    second = convert(VOLUMES["int16"], series=a_series(uid_seed=b"another"))
    uids = {d.SOPInstanceUID for d in first + second}
    assert len(uids) == 14
    assert {d.SeriesInstanceUID for d in first + second} == {"2.25.12"}
    assert first[0].FrameOfReferenceUID != second[0].FrameOfReferenceUID


def test_instances_belong_where_the_caller_said(convert_paths, out):
    converted = convert_paths(VOLUMES["int16"], series=a_series(first_instance_number=40))
    for number, one in enumerate(converted, start=40):
        dataset = pydicom.dcmread(one.path)
        assert one.path == out / f"{dataset.SOPInstanceUID}.dcm"
        assert one.sop_instance_uid == dataset.SOPInstanceUID
        assert one.sop_class_uid == dataset.SOPClassUID
        assert (dataset.StudyInstanceUID, dataset.SeriesInstanceUID) == ("2.25.11", "2.25.12")
        assert (dataset.SeriesNumber, dataset.InstanceNumber) == (3, number)
        assert "InstanceCreationDate" not in dataset
    assert sorted(out.iterdir()) == sorted(one.path for one in converted)


def test_the_file_meta_is_our_own(convert):
    (dataset,) = convert(PICTURES["PNG"])
    meta = dataset.file_meta
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == "PACS2GO"
    assert meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.preamble == bytes(128)


def test_a_failure_in_the_last_slice_leaves_nothing_behind(convert_paths, out, monkeypatch):
    from converter.engine.output import Outbox

    write, count = Outbox.write_encoded, []

    def disk_full_at_the_end(box, uid, sop_class_uid, chunks):
        write(box, uid, sop_class_uid, chunks)
        count.append(uid)
        if len(count) == 7:
            raise OSError("No space left on device")

    monkeypatch.setattr(Outbox, "write_encoded", disk_full_at_the_end)
    with pytest.raises(OSError, match="No space"):
        convert_paths(VOLUMES["int16"])
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty"),
        (b"Name;Diagnosis\n", "not-an-image"),
        (b"\xff\xd8\xff but then a text", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"GIF89a" + bytes(100), "truncated"),
        (b"II*\0" + bytes(100), "damaged"),
        (Path(get_testdata_file("CT_small.dcm")), "is-dicom"),
    ],
)
def test_what_cannot_be_converted_says_why_in_a_sentence(convert, out, source, code):
    with pytest.raises(ConversionError) as refused:
        convert(source)
    assert refused.value.code == code
    assert code in ConversionError.CODES
    assert str(refused.value).endswith(".")
    assert "Mueller" not in str(refused.value)
    assert list(out.iterdir()) == []


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", [*CAPTURES, *VOLUMES])
def test_a_damaged_source_ends_in_a_sentence_or_an_image(convert_paths, out, name):
    source = {**CAPTURES, **VOLUMES}[name]
    chance = random.Random(name)  # noqa: S311 the same damage in every run
    for _ in range(40):
        damaged = bytearray(source)
        for place in chance.choices(range(min(len(source), 400)), k=3):
            damaged[place] = chance.choice((0, 127, 128, 255))
        with suppress(ConversionError):
            for one in convert_paths(bytes(damaged), max_pixels=10**6, max_bytes=10**7):
                one.path.unlink()
        assert list(out.iterdir()) == []


def test_a_file_larger_than_allowed_is_refused_unread(convert):
    with pytest.raises(ConversionError) as refused:
        convert(PICTURES["BMP"], max_bytes=1000)
    assert refused.value.code == "bomb"


def test_the_seed_is_not_shown():
    assert "seed" not in repr(dataclasses.replace(a_series(), uid_seed=b"hidden"))
