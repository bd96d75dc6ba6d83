"""Tiles of a slide that lie side by side, far apart, in another order, or twice."""

import numpy as np
import pytest
import tifffile
from slide_samples import jpeg, tissue, write_svs

from converter.engine import ConversionError
from converter.engine.sources.slide.coding import Matrix
from converter.engine.sources.slide.jpeg_tiles import JpegTiles

OFFSETS, BYTE_COUNTS = 324, 325
MATRIX = Matrix(128, 32, 32, 32)
JFIF = b"\xff\xe0\0\x10JFIF\0"
TILES = [jpeg(tissue(32, 32) // share) for share in (1, 2, 3, 4)]


def jpeg_tiles() -> JpegTiles:
    return JpegTiles(b"", MATRIX, "YBR_FULL_422")


def side_by_side(tiles: list[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    stops = np.cumsum([len(tile) for tile in tiles]).tolist()
    return b"".join(tiles), list(zip([0, *stops[:-1]], stops, strict=True))


def test_tiles_that_are_read_together_become_what_each_becomes_alone() -> None:
    odd = [TILES[0], TILES[1] + b"PLANTEDend", TILES[2] + TILES[3], TILES[3]]
    frames = list(jpeg_tiles().frames(*side_by_side(odd)))
    assert all(tile[2:].startswith(JFIF) for tile in TILES)
    assert frames == [tile[:2] + tile[20:] for tile in TILES]
    assert frames == [jpeg_tiles().frame(tile) for tile in odd]


@pytest.mark.parametrize("cut", [1, 2, 9])
def test_a_tile_without_an_end_does_not_end_in_its_neighbor(cut) -> None:
    tiles = [TILES[0], TILES[1][:-cut], TILES[2]]
    with pytest.raises(ConversionError) as refused:
        list(jpeg_tiles().frames(*side_by_side(tiles)))
    assert refused.value.code == "truncated"


def test_a_tile_of_another_size_is_told() -> None:
    tiles = jpeg_tiles()
    assert tiles.frame(TILES[0])
    with pytest.raises(ConversionError):
        tiles.frame(jpeg(tissue(16, 16)))


def test_each_frame_is_the_tile_that_the_list_names(convert, tmp_path) -> None:
    path = tmp_path / "slide.svs"
    write_svs(path, 700, 530)
    usual = convert(path)[0].pixel_array
    with tifffile.TiffFile(path) as file:
        places = [file.pages[0].tags[tag] for tag in (OFFSETS, BYTE_COUNTS)]
        starts, sizes = (list(place.value) for place in places)
    content = path.read_bytes()
    moved = content[starts[4] : starts[4] + sizes[4]]
    order = [1, 0, 2, 2, *range(4, len(starts))]
    starts[4] = len(content) + 5000
    with path.open("r+b") as stream:
        for place, values in zip(places, (starts, sizes), strict=True):
            width = {4: "<u4", 16: "<u8"}[place.dtype.value]
            stream.seek(place.valueoffset)
            stream.write(np.array([values[number] for number in order], width).tobytes())
        stream.seek(starts[4])
        stream.write(moved)
    np.testing.assert_array_equal(convert(path)[0].pixel_array, usual[order])
