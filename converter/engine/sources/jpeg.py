"""JPEG: the bitstream itself where DICOM can hold it, else decoded once and stored losslessly."""

import io
import struct
from dataclasses import replace
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from converter.engine.errors import damaged
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.jpeg_stream import (
    Frame,
    JpegStream,
    photometric_interpretation,
    read_stream,
)
from converter.engine.sources.large import becomes_pyramid, write_picture
from converter.engine.sources.raster import (
    Picture,
    check_size,
    flatten,
    orientation,
    pillow_errors,
)

_METHOD = "ISO_10918_1"
_CAMERA_TAGS = (0x010F, 0x0110)  # EXIF Make and Model


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance; a baseline stream keeps its scans byte for byte."""
    data = source.read_bytes()
    stream = read_stream(data)
    frame = stream.frame
    if frame is None:
        raise damaged()
    is_deep = frame.precision != 8 or frame.is_lossless
    bytes_per_pixel = len(frame.component_ids) * (2 if is_deep else 1)
    check_size(frame.columns, frame.rows, bytes_per_pixel, job.options)
    if is_deep:
        from converter.engine.sources.jpeg_deep import decode_deep

        write_picture(job, box, decode_deep(stream, frame))
        return
    with pillow_errors(), io.BytesIO(data[: stream.source_bytes]) as file:
        image = JpegImageFile(file)
        is_photograph = _names_a_camera(image)
        picture = _picture(image, stream, frame, becomes_pyramid(*image.size, job.options))
    write_picture(job, box, picture, is_photograph)


def _picture(image: Image.Image, stream: JpegStream, frame: Frame, is_cut: bool) -> Picture:
    samples = len(frame.component_ids)
    ratio = frame.rows * frame.columns * samples / len(stream.clean)
    photometric = photometric_interpretation(stream)
    is_kept = frame.is_baseline and photometric and orientation(image) == 1 and not is_cut
    if is_kept and photometric:
        return Picture(
            rows=frame.rows,
            columns=frame.columns,
            photometric_interpretation=photometric,
            bits=8,
            data=encapsulate([bytes(stream.clean)]),
            icc_profile=image.info.get("icc_profile"),
            lossy_ratio=ratio,
            lossy_method=_METHOD,
            transfer_syntax_uid=JPEGBaseline8Bit,
        )
    return replace(flatten(image), lossy_ratio=ratio, lossy_method=_METHOD)


def _names_a_camera(image: Image.Image) -> bool:
    try:
        exif = image.getexif()
        return any(exif.get(tag) for tag in _CAMERA_TAGS)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error):
        return False
