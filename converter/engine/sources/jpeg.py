"""JPEG: the bitstream itself where DICOM can hold it, else decoded once and stored losslessly."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from pydicom.uid import JPEGBaseline8Bit

from converter.engine.errors import damaged
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.exif import names_a_camera, orientation
from converter.engine.sources.jpeg_stream import (
    Frame,
    JpegStream,
    photometric_interpretation,
    read_stream,
)
from converter.engine.sources.large import (
    becomes_pyramid,
    check_memory,
    write_image,
    write_picture,
)
from converter.engine.sources.picture_instance import make_encoded
from converter.engine.sources.raster import Picture, check_size, pillow_errors

_METHOD = "ISO_10918_1"
_PIXELS = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)  # of undefined length


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
        is_photograph = names_a_camera(image)
        is_cut = becomes_pyramid(*image.size, job.options)
        photometric = None if is_cut else _kept_as(image, stream, frame)
        if photometric:
            picture = _passed_through(image, stream, frame, photometric)
            header = make_encoded(job, picture, is_photograph)
            box.write_encoded(*header[:2], [header[2], *_one_fragment(stream.clean)])
            return
        check_memory(*image.size, len(frame.component_ids))
        write_image(job, box, image, is_photograph, _ratio(stream, frame), _METHOD)


def _kept_as(image: Image.Image, stream: JpegStream, frame: Frame) -> str | None:
    """Return the photometric interpretation of a stream that is kept; None: it is decoded."""
    is_kept = frame.is_baseline and orientation(image) == 1
    return photometric_interpretation(stream) if is_kept else None


def _passed_through(
    image: Image.Image, stream: JpegStream, frame: Frame, photometric: str
) -> Picture:
    """Describe a stream that is kept; its bytes are not the picture's `data`."""
    return Picture(
        rows=frame.rows,
        columns=frame.columns,
        photometric_interpretation=photometric,
        bits=8,
        data=b"",
        icc_profile=image.info.get("icc_profile"),
        lossy_ratio=_ratio(stream, frame),
        lossy_method=_METHOD,
        transfer_syntax_uid=JPEGBaseline8Bit,
    )


def _ratio(stream: JpegStream, frame: Frame) -> float:
    return frame.rows * frame.columns * len(frame.component_ids) / len(stream.clean)


def _one_fragment(frame: bytearray) -> Iterator[bytes | bytearray]:
    """Yield Pixel Data with one frame in one fragment and its offset (PS3.5 A.4)."""
    padding = len(frame) % 2
    yield _PIXELS + struct.pack("<HHII", 0xFFFE, 0xE000, 4, 0)
    yield struct.pack("<HHI", 0xFFFE, 0xE000, len(frame) + padding)
    yield frame
    yield bytes(padding) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
