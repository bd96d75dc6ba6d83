"""BMP: decoded and stored losslessly."""

import io
from pathlib import Path

from PIL.BmpImagePlugin import BmpImageFile

from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.large import write_picture
from converter.engine.sources.raster import check_size, flatten, pillow_errors


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance."""
    # Read into memory: from a named file Pillow would map the pixels and accept what is missing.
    with pillow_errors(), io.BytesIO(source.read_bytes()) as file:
        image = BmpImageFile(file)
        check_size(image.width, image.height, 4, job.options)
        picture = flatten(image)
    write_picture(job, box, picture)
