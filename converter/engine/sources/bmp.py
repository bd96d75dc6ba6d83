"""BMP: decoded and stored losslessly."""

import io
from pathlib import Path

from PIL.BmpImagePlugin import BmpImageFile

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.large import check_memory, write_image
from converter.engine.sources.raster import check_size, pillow_errors


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance."""
    # Read into memory: from a named file Pillow would map the pixels and accept what is missing.
    with pillow_errors(), io.BytesIO(source.read_bytes()) as file:
        image = _opened(file)
        check_size(image.width, image.height, 4, job.options)
        check_memory(image.width, image.height, len(image.getbands()))
        write_image(job, box, image)


def _opened(file: io.BytesIO) -> BmpImageFile:
    try:
        return BmpImageFile(file)
    except OSError as error:
        if not str(error).startswith("Unsupported BMP"):
            raise
    raise ConversionError(_("This kind of BMP is not supported. Save it as PNG."), "unsupported")
