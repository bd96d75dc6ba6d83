import io
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.held import picture_process
from pacs_portal.jobs.held import pictures as held_pictures
from pacs_portal.jobs.held.contents import content_of, seal_content
from pacs_portal.jobs.held.pictures import (
    HeldImages,
    Size,
    View,
    draw,
    draw_thumbnail,
    extract_document,
    held_images,
    measure,
)
from pacs_portal.jobs.models import Destination, HeldFile
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.keys import project_keys, sealing_keys
from tests.pacs_portal.jobs.held.samples import GRADIENT, write_dicom
from tests.pseudonymizer.engine.burned_in.images import (
    as_deep_jpeg,
    as_high_throughput,
    dataset_of,
    write,
)


def images_at(*paths: Path, kind: str = "dicom") -> HeldImages:
    return HeldImages(HeldFile(), kind, paths)


def pixels_of(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def shown(path: Path, view: View | None = None, kind: str = "dicom") -> np.ndarray:
    return pixels_of(draw(images_at(path, kind=kind), view or View(window="whole")))


def test_gray_values_are_spread_over_the_whole_range(tmp_path):
    expected = np.arange(12).reshape(3, 4) * 255 // 11
    assert np.abs(shown(write_dicom(tmp_path / "1", GRADIENT)).astype(int) - expected).max() <= 1


def test_what_means_white_at_zero_is_shown_inverted(tmp_path):
    path = write_dicom(tmp_path / "1", GRADIENT, PhotometricInterpretation="MONOCHROME1")
    assert shown(path)[0, 0] == 255
    assert shown(path)[2, 3] == 0


def test_sixteen_bit_values_are_windowed_as_the_file_says_after_rescaling(tmp_path):
    stored = np.array([[0, 1000], [1100, 1200]], np.int16)
    rescale = {"RescaleSlope": 1, "RescaleIntercept": -1000}
    path = write_dicom(tmp_path / "1", stored, WindowCenter=100, WindowWidth=200, **rescale)
    assert shown(path, View(window="stored")).tolist() == [[0, 0], [127, 255]]
    assert shown(path, View(window="whole"))[0].tolist() == [0, 212]


def test_one_bright_pixel_does_not_hide_the_others(tmp_path):
    values = np.full((40, 50), 100, np.uint16)
    values[:, 25:], values[0, 0] = 110, 65535
    path = write_dicom(tmp_path / "1", values)
    assert shown(path, View(window="whole"))[5].max() <= 1
    assert shown(path, View(window="narrow"))[5, [0, 49]].tolist() == [0, 255]


def test_colors_stay_as_they_are(tmp_path):
    colors = np.arange(3 * 4 * 3, dtype=np.uint8).reshape(3, 4, 3) * 7
    assert (shown(write_dicom(tmp_path / "1", colors)) == colors).all()


def test_every_frame_can_be_seen_and_no_other(tmp_path):
    path = write_dicom(tmp_path / "1", np.stack([GRADIENT, GRADIENT[::-1]]))
    assert measure(images_at(path)) == (Size(columns=4, rows=3, frames=2),)
    assert shown(path, View(frame=1, window="whole"))[0, 0] == 185  # 160 of 220
    for beyond in (2, 999_999):
        with pytest.raises(JobError, match="No picture"):
            shown(path, View(frame=beyond))


def test_a_photograph_is_shown_upright_and_measured_so(tmp_path):
    image = Image.fromarray(np.zeros((10, 30, 3), np.uint8))
    image.paste((255, 0, 0), (0, 0, 5, 5))  # upper left, upper right when turned
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path := tmp_path / "1", "jpeg", exif=exif, quality=95)
    assert measure(images_at(path, kind="image")) == (Size(columns=10, rows=30, frames=1),)
    upright = shown(path, kind="image")
    assert upright.shape == (30, 10, 3)
    assert upright[2, 8, 0] > 200
    assert upright[2, 1, 0] < 50


@pytest.mark.parametrize("name", ["examples_palette.dcm", "MR_small_RLE.dcm", "693_J2KR.dcm"])
def test_palettes_and_compressed_frames_are_drawn(name):
    assert len(np.unique(shown(Path(get_testdata_file(name))))) > 50


def test_a_jpeg_without_loss_is_drawn_as_its_native_twin():
    lossless, native = "SC_rgb_jpeg_gdcm.dcm", "SC_rgb.dcm"
    drawn = shown(Path(get_testdata_file(lossless)))
    assert (drawn == shown(Path(get_testdata_file(native)))).all()
    assert set(np.unique(drawn)) == {0, 64, 128, 192, 255}


@pytest.mark.parametrize(("bits", "is_lossless"), [(16, True), (12, True), (12, False)])
def test_a_deep_jpeg_is_drawn_as_its_native_twin(tmp_path, bits, is_lossless):
    low = -(1 << bits - 1)
    values = (low + np.arange(1 << bits, step=1 << bits - 6)).astype(np.int16).repeat(64)
    dataset = dataset_of(values.reshape(64, 64), BitsStored=bits, HighBit=bits - 1)
    native = shown(write(tmp_path / "1", dataset)).astype(int)
    deep = shown(write(tmp_path / "2", as_deep_jpeg(dataset, is_lossless=is_lossless)))
    assert len(np.unique(native)) == 64
    assert np.abs(deep - native).max() <= (0 if is_lossless else 1)


def test_high_throughput_jpeg_2000_is_drawn_as_its_native_twin(tmp_path):
    dataset = dataset_of(np.arange(-2048, 2048, dtype=np.int16).reshape(64, 64))
    native = shown(write(tmp_path / "1", dataset))
    assert (shown(write(tmp_path / "2", as_high_throughput(dataset))) == native).all()


def test_a_palette_of_8_bits_that_claims_16_is_not_black(tmp_path):
    names = [f"{color}PaletteColorLookupTable" for color in ("Red", "Green", "Blue")]
    entries = np.arange(256, dtype=np.uint16).tobytes()
    palette = {f"{name}Data": entries for name in names}
    palette |= {f"{name}Descriptor": [256, 0, 16] for name in names}
    path = write_dicom(
        tmp_path / "1", GRADIENT, PhotometricInterpretation="PALETTE COLOR", **palette
    )
    assert (shown(path) == GRADIENT[..., None]).all()


def test_large_images_are_made_smaller(tmp_path):
    path = write_dicom(tmp_path / "1", np.zeros((30, 5000), np.uint8))
    assert shown(path).shape == (12, 2048)


def _huge_png(path: Path) -> Path:
    """A picture of 60,000 x 60,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows))
    return path


def test_hostile_files_give_no_picture_and_do_no_harm(tmp_path):
    vast = write_dicom(tmp_path / "vast", GRADIENT, Rows=65_535, Columns=65_535)
    cut = write_dicom(tmp_path / "cut", np.zeros((64, 64), np.uint16))
    cut.write_bytes(cut.read_bytes()[:500])
    junk = tmp_path / "junk"
    junk.write_bytes(bytes(range(256)) * 40)
    huge = _huge_png(tmp_path / "huge")
    for path, kind in ((vast, "dicom"), (cut, "dicom"), (junk, "dicom"), (huge, "image")):
        with pytest.raises(JobError, match="No picture"):
            shown(path, kind=kind)


def test_a_picture_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(picture_process, "__file__", str(endless))
    monkeypatch.setattr(held_pictures, "SECONDS", 0.5)
    with pytest.raises(JobError, match="No picture"):
        shown(write_dicom(tmp_path / "1", GRADIENT))


def test_the_process_list_names_no_original_and_gives_away_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("PACS2GO_SECRET_KEY", "hidden")
    talkative = tmp_path / "talkative.py"
    talkative.write_text("import os, sys; print(sys.argv[1:], sorted(os.environ))")
    monkeypatch.setattr(picture_process, "__file__", str(talkative))
    named = tmp_path / "Zwirbelmayr_Hans.dcm"
    named.touch()
    said = extract_document(named).decode()
    assert said.startswith("['document', '/dev/stdin']")
    assert "Zwirbelmayr" not in said
    assert "PACS2GO" not in said


@pytest.fixture
def held(finish) -> HeldFile:
    """A held file whose output is an image with a box found on it."""
    held = HeldFile.objects.get(receipt__job=finish({"1": b"hold"}))
    write_dicom(held_dir(held.pk) / "output-0.dcm", np.full((60, 90), 50, np.uint8))
    held.regions = [[None, 20, 10, 30, 15]]
    held.save()
    return held


def keys_of(held: HeldFile):
    return project_keys(held.receipt.job.project_id)


def test_what_a_step_made_is_shown_rather_than_the_original(held):
    images = held_images(held, keys_of(held))
    assert [path.name for path in images.paths] == ["output-0.dcm"]
    assert measure(images) == (Size(columns=90, rows=60, frames=1),)


def test_several_outputs_are_shown_in_the_order_of_their_numbers(held):
    folder = held_dir(held.pk)
    for number in (10, 2):
        shutil.copy(folder / "output-0.dcm", folder / f"output-{number}.dcm")
    names = [path.name for path in held_images(held, keys_of(held)).paths]
    assert names == ["output-0.dcm", "output-2.dcm", "output-10.dcm"]
    assert len(measure(held_images(held, keys_of(held)))) == 3


def test_a_thumbnail_shows_the_boxes_and_is_kept_beside_the_original(held):
    images = held_images(held, keys_of(held))
    picture = pixels_of(draw_thumbnail(images))
    assert picture.shape == (60, 90, 3)
    is_red = (picture[..., 0] > 200) & (picture[..., 1] < 100)
    rows, columns = np.nonzero(is_red)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 25, 20, 50)
    assert not is_red[13:22, 23:47].any()
    (held_dir(held.pk) / "output-0.dcm").unlink()
    assert (pixels_of(draw_thumbnail(images)) == picture).all()


def test_a_source_of_a_command_is_shown_while_it_is_unchanged(held, tmp_path):
    """What was not copied lies where the command found it."""
    path = write_dicom(tmp_path / "source", GRADIENT)
    held.has_original = held.has_output = False
    held.receipt.job.destination = Destination.FOLDER
    held.receipt.upload_file.kind = "dicom"
    keys = keys_of(held)
    local = held_pictures.local_path(held.receipt.upload_file)
    shutil.copy(path, local)
    sealing = sealing_keys(keys.project_id)
    held.sealed_content = seal_content(sealing, held.pk, content_of(local))
    images = held_images(held, keys)
    assert measure(images) == (Size(columns=4, rows=3, frames=1),)
    draw_thumbnail(images)
    assert not (held_dir(held.pk) / "thumbnail.png").exists()
    write_dicom(local, GRADIENT.T)
    with pytest.raises(JobError, match="no longer here"):
        held_images(held, keys)
    local.unlink()
    with pytest.raises(JobError, match="no longer here"):
        held_images(held, keys)
