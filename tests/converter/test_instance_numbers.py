"""Numbers of images in a series that several files share."""

from pathlib import Path

import numpy as np
import pydicom
import tifffile

from converter.local import convert_locally
from converter.options import ConvertOptions
from pacs_portal.jobs.commandline import find_files, make_output


def test_pages_of_several_files_have_numbers_of_their_own(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in (1, 2, 3):
        with tifffile.TiffWriter(source / f"{number}.tif") as writer:
            for rows in (4, 5):  # pages that are not alike are images of their own
                writer.write(np.full((rows, 6), number, np.uint8), metadata=None)
    convert_locally(find_files([source], out), make_output(out), ConvertOptions(), 1)
    images = [pydicom.dcmread(path) for path in out.rglob("*.dcm")]
    assert len({image.SeriesInstanceUID for image in images}) == 1
    images.sort(key=lambda image: int(image.InstanceNumber))
    assert [int(image.InstanceNumber) for image in images] == [1, 2, 3, 4, 5, 6]
    assert [(image.Rows, int(image.pixel_array[0, 0])) for image in images] == [
        *((4, number) for number in (1, 2, 3)),
        *((5, number) for number in (1, 2, 3)),
    ]
