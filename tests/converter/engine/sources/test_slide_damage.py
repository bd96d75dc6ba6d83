"""Slides that are damaged, or lie: a sentence, nothing written, bounded memory."""

import io
import random
import struct
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from own_process import converted
from scanner_samples import write_mirax
from slide_samples import cut, jpeg, tissue, write_pyramid, write_svs

from converter.engine import ConversionError, is_slide
from converter.engine.sources.slide.coding import Matrix, lossless_coding
from converter.engine.sources.slide.directories import TiffStructure
from converter.engine.sources.slide.encoded_level import encoded_level
from converter.engine.sources.slide.encoding import decode_lossless, encode_lossless
from converter.engine.sources.slide.layout import slide_layout
from converter.engine.sources.slide.pyramid import unnamed_file, with_missing_levels

WIDTH, LENGTH, TILE_WIDTH, TILE_OFFSETS, TILE_BYTES = 256, 257, 322, 324, 325


@pytest.fixture
def svs(tmp_path: Path) -> Path:
    path = tmp_path / "PLANTEDname.svs"
    write_svs(path, 700, 530)
    return path


def patched(path: Path, tag: int, value: int, item: int = 0) -> None:
    """Change a number of the first directory."""
    with tifffile.TiffFile(path) as file:
        found = file.pages[0].tags[tag]
        size = found.dtype.value
    width = {3: 2, 4: 4, 16: 8}[size]
    with path.open("r+b") as stream:
        stream.seek(found.valueoffset + item * width)
        stream.write(value.to_bytes(width, "little"))


def refusal(convert, out: Path, source: Path, **options: object) -> str:
    """Return the code with which a source is refused; nothing of it may be left or told."""
    with pytest.raises(ConversionError) as refused:
        convert(source, **options)
    assert list(out.iterdir()) == []
    assert str(refused.value).endswith(".")
    assert "PLANTED" not in str(refused.value)
    return refused.value.code


def test_directories_that_point_back_to_each_other_end(convert, out, svs):
    with tifffile.TiffFile(svs) as file:
        last = file.pages[-1]
        end = last.offset + 2 + 12 * len(last.tags)
        first = file.pages[0].offset
    with svs.open("r+b") as stream:
        stream.seek(end)
        stream.write(struct.pack("<I", first))
    assert refusal(convert, out, svs) == "damaged"


@pytest.mark.parametrize("share", [0.02, 0.2, 0.6])
def test_a_slide_cut_short_is_told(convert, out, svs, share):
    data = svs.read_bytes()
    svs.write_bytes(data[: int(len(data) * share)])
    assert refusal(convert, out, svs) in {"truncated", "damaged"}


@pytest.mark.parametrize(
    ("tag", "value", "codes"),
    [
        (TILE_WIDTH, 16, {"damaged"}),
        (TILE_WIDTH, 0, {"damaged"}),
        (TILE_WIDTH, 65_520, {"damaged", "bomb"}),
        (WIDTH, 60_000, {"damaged"}),
        (TILE_OFFSETS, 2**31, {"truncated"}),
        (TILE_BYTES, 2**31, {"truncated"}),
        (TILE_BYTES, 30, {"truncated", "damaged"}),
        (TILE_OFFSETS, 0, {"damaged"}),
    ],
)
def test_a_header_that_lies_is_told_before_anything_is_decoded(
    convert, out, svs, tag, value, codes
):
    patched(svs, tag, value)
    assert refusal(convert, out, svs) in codes


def test_a_tile_that_is_not_there_is_white(convert, svs):
    patched(svs, TILE_BYTES, 0, item=4)
    frames = convert(svs)[0].pixel_array
    assert frames[4].min() == 255
    assert frames[3].min() < 200


def test_what_hides_in_a_tile_is_left_out(convert_paths, tmp_path):
    path, picture = tmp_path / "slide.tif", tissue(512, 256)
    hidden = b"\xff\xfe\0\x0ePLANTEDname!" + b"\xff\xe1\0\x0ePLANTEDexif!"
    tiles = [
        one[:2] + hidden + one[2:] + b"PLANTEDend" for one in map(jpeg, cut(picture, (256, 256)))
    ]
    with tifffile.TiffWriter(path) as writer:
        for level, shape in ((0, (256, 512, 3)), (1, (256, 256, 3))):
            writer.write(
                iter(tiles[: 2 - level]),
                shape=shape,
                dtype=np.uint8,
                tile=(256, 256),
                photometric="ycbcr",
                compression="jpeg",
                subfiletype=level,
                metadata=None,
            )
    assert b"PLANTEDexif" in path.read_bytes()
    for one in convert_paths(path):
        assert b"PLANTED" not in one.path.read_bytes()


@pytest.mark.parametrize("limit", ["max_slide_pixels", "max_slide_tiles", "max_slide_bytes"])
def test_limits_hold_before_anything_is_read(convert, out, svs, limit):
    assert refusal(convert, out, svs, **{limit: 5}) == "bomb"


def test_a_giant_of_no_tiles_is_refused_at_once(convert, out, tmp_path):
    """A BigTIFF of 80 bytes a level claims 2^31 x 2^31 pixels."""
    entries = [(WIDTH, 2**31), (LENGTH, 2**31), (TILE_WIDTH, 256), (323, 256)]
    entries = [(258, 8), (259, 7), (262, 6), (277, 1), *entries, (TILE_OFFSETS, 8), (TILE_BYTES, 8)]
    body = struct.pack("<Q", len(entries))
    body += b"".join(struct.pack("<HHQQ", tag, 16, 1, value) for tag, value in sorted(entries))
    path = tmp_path / "giant.tif"
    path.write_bytes(b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + body + bytes(8))
    assert is_slide(path)
    assert refusal(convert, out, path) == "bomb"


def test_a_small_file_does_not_fill_the_disk(convert, out, tmp_path):
    """Tiles that all are the whole file would make it 3,960 times as large."""
    count, lists = 66 * 60, 16 + 8 + 10 * 20 + 8
    entries = [(WIDTH, 4, 1, 66 * 256), (LENGTH, 4, 1, 60 * 256), (258, 3, 1, 8), (259, 3, 1, 7)]
    entries += [(262, 3, 1, 6), (277, 3, 1, 3), (TILE_WIDTH, 4, 1, 256), (323, 4, 1, 256)]
    entries += [(TILE_OFFSETS, 16, count, lists), (TILE_BYTES, 16, count, lists + 8 * count)]
    directory = struct.pack("<Q", 10) + b"".join(struct.pack("<HHQQ", *one) for one in entries)
    size = lists + 16 * count
    places = struct.pack("<Q", 0) * count + struct.pack("<Q", size) * count
    path = tmp_path / "overlaid.tif"
    path.write_bytes(b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + directory + bytes(8) + places)
    assert path.stat().st_size == size
    assert refusal(convert, out, path) == "bomb"


class CountedReads(TiffStructure):
    """Counts what is read."""

    read_bytes = 0

    def read(self, position: int, size: int) -> bytes:
        self.read_bytes += size
        return super().read(position, size)


def test_of_a_list_that_should_be_one_number_only_the_first_is_read(tmp_path):
    """Sixty directories that all claim a width of ten million numbers."""
    path, count, data = tmp_path / "lists.tif", 60, bytearray(b"II*\0\x08\0\0\0")
    for number in range(count):
        entries = [(WIDTH, 4, 10_000_000, 1 << 16), (LENGTH, 3, 1, 64), (TILE_WIDTH, 3, 1, 64)]
        entries += [(TILE_OFFSETS, 4, 1, 8), (TILE_BYTES, 4, 1, 8)]
        following = len(data) + 2 + 12 * len(entries) + 4 if number < count - 1 else 0
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", *one) for one in entries)
        data += struct.pack("<I", following)
    with path.open("w+b") as file:
        file.write(data)
        file.truncate((1 << 16) + 40_000_000)
        structure = CountedReads(file.fileno())
        assert slide_layout(structure) is None
        assert structure.read_bytes < 1 << 20


def test_tiles_that_cannot_be_shrunk_evenly_are_no_base_of_a_level(tmp_path):
    with unnamed_file(tmp_path) as file:
        matrix, codec = Matrix(500, 500, 250, 250), (encode_lossless, decode_lossless)
        tiles = [np.zeros((250, 250), np.uint8)] * 4
        level = encoded_level(matrix, lossless_coding(1), tiles, codec, file)
        with pytest.raises(ConversionError):
            with_missing_levels([level], file)


def test_databases_and_folders_that_are_no_slides_are_refused(convert, out, tmp_path):
    (tmp_path / "some.svslide").write_bytes(b"SQLite format 3\0" + bytes(4096))
    assert refusal(convert, out, tmp_path / "some.svslide") == "damaged"
    write_mirax(tmp_path / "slide.mrxs")
    companions = tuple((one.name, one) for one in (tmp_path / "slide").glob("*.dat"))
    assert refusal(convert, out, tmp_path / "slide.mrxs", companions=companions) == "damaged"
    evil = (("../escaped", tmp_path / "slide.mrxs"),)
    assert refusal(convert, out, tmp_path / "slide.mrxs", companions=evil) == "damaged"


def test_a_tile_that_is_larger_than_its_slide_says_is_never_decoded(convert, out, tmp_path):
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        for size, kind in ((240, 0), (120, 1)):
            tile = tissue(size, size)
            writer.write(
                tile, tile=(256, 256), photometric="rgb", compression="png", subfiletype=kind
            )
    assert convert(source)
    for path in out.iterdir():
        path.unlink()
    large = imagecodecs.png_encode(np.zeros((3000, 3000, 3), np.uint8))
    size = source.stat().st_size
    with source.open("ab") as stream:
        stream.write(large)
    patched(source, TILE_OFFSETS, size)
    patched(source, TILE_BYTES, len(large))
    assert refusal(convert, out, source) == "bomb"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["svs", "deflate"])
def test_chance_damage_ends_in_a_sentence_or_an_image(convert_paths, out, svs, tmp_path, kind):
    if kind == "deflate":
        write_pyramid(tmp_path / "slide.tif", tissue(300, 270), compression="deflate")
        source = (tmp_path / "slide.tif").read_bytes()
    else:
        source = svs.read_bytes()
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        headers = [page.offset for page in file.pages]
    chance = random.Random(kind)  # noqa: S311 the same damage in every run
    for _ in range(60):
        damaged = bytearray(source)
        for _change in range(3):
            near = chance.choice([0, *headers, chance.randrange(len(source))])
            damaged[(near + chance.randrange(300)) % len(source)] = chance.choice((0, 1, 127, 255))
        with suppress(ConversionError):
            for one in convert_paths(bytes(damaged), max_slide_pixels=10**7, max_slide_tiles=500):
                one.path.unlink()
        assert list(out.iterdir()) == []


def test_memory_does_not_grow_with_the_slide(tmp_path, out):
    """A slide of 1.2 Gpixel (3.7 GB of samples) without smaller levels, all of which are made."""
    tile = jpeg(tissue(256, 256))
    columns, rows = 256 * 160, 256 * 115 - 40
    path = tmp_path / "slide.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            (tile for _ in range(160 * 115)),
            shape=(rows, columns, 3),
            dtype=np.uint8,
            tile=(256, 256),
            photometric="ycbcr",
            compression="jpeg",
            metadata=None,
        )
    assert converted(path, out) == 5
