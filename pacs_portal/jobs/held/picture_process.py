"""Draws one held file for a steward, in a process of its own with little memory and time.

Runs as a script: files that nobody trusts are decoded here and nowhere in the portal. It knows
no key and no settings; what it says on its way is thrown away, since libraries quote values.

    picture_process.py measure dicom|image PATH…                         -> JSON
    picture_process.py draw dicom|image FRAME WINDOW SIDE BOXES PATH     -> PNG
    picture_process.py document PATH                                     -> the document inside
    picture_process.py video PATH                                        -> the video inside
"""

import json
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
MOST_DOCUMENT_BYTES = 256 * 2**20
VIDEO_SYNTAXES = "1.2.840.10008.1.2.4.10"  # MPEG-2, MPEG-4 and HEVC share this beginning
MOST_PIXELS = 100_000_000  # of one frame
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = frozenset(f"1.2.840.10008.1.2.4.{arc}" for arc in (57, 70))
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HIGH_THROUGHPUT_2000 = frozenset(f"1.2.840.10008.1.2.4.{arc}" for arc in (201, 202, 203))
BITS_OF_A_BYTE, HIGHEST_BYTE = 8, 255
EXIF_ORIENTATION = 0x0112
LYING = range(5, 9)  # columns and rows change places
RED, OUTLINE = (255, 70, 70), 2


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says; anything that goes wrong ends in status 1."""
    _limit()
    task, *rest = arguments
    tasks: dict[str, Callable[..., bytes]]
    tasks = {"measure": measure, "draw": draw, "document": document, "video": video}
    sys.stdout.buffer.write(tasks[task](*rest))
    return 0


def measure(kind: str, *paths: str) -> bytes:
    """Return columns, rows and frames of each image as JSON; null for what is none."""
    sizes = []
    for path in paths:
        with Path(path).open("rb") as stream:
            sizes.append(_dicom_size(stream) if kind == "dicom" else _image_size(stream))
    return json.dumps(sizes).encode()


def draw(kind: str, frame: str, window: str, side: str, boxes: str, path: str) -> bytes:
    """Return one frame as PNG, at most `side` pixels wide and high, with outlines of `boxes`."""
    from io import BytesIO

    from PIL import Image

    with Path(path).open("rb") as stream:
        if kind == "dicom":
            picture = Image.fromarray(_gray_or_color(stream, int(frame), window))
        else:
            picture = _upright(stream, int(frame))
    columns, rows = picture.size
    picture.thumbnail((int(side), int(side)), Image.Resampling.BOX)
    if outlines := json.loads(boxes):
        picture = _outlined(picture, outlines, (picture.width / columns, picture.height / rows))
    output = BytesIO()
    picture.save(output, "png", compress_level=1)
    return output.getvalue()


def document(path: str) -> bytes:
    """Return the document that a DICOM file holds, without the byte that pads it."""
    from pydicom import dcmread

    with Path(path).open("rb") as stream:
        dataset = dcmread(stream, force=True)
    content: bytes = dataset.EncapsulatedDocument
    if len(content) > MOST_DOCUMENT_BYTES:
        raise ValueError("The document is too large.")
    return content[: int(dataset.get("EncapsulatedDocumentLength") or len(content))]


def video(path: str) -> bytes:
    """Return the stream or MP4 file that a DICOM video holds."""
    from io import BytesIO

    from pydicom import dcmread
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    with Path(path).open("rb") as stream:
        dataset = dcmread(stream, force=True)
    if not dataset.file_meta.TransferSyntaxUID.startswith(VIDEO_SYNTAXES):
        raise ValueError("The pixels are no video stream.")
    if len(dataset.PixelData) > MOST_DOCUMENT_BYTES:
        raise ValueError("The video is too large.")
    items = BytesIO(dataset.PixelData)
    parse_basic_offsets(items)
    return b"".join(generate_fragments(items))


def _limit() -> None:
    for kind, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),  # writes no file
        (resource.RLIMIT_CORE, 0),
    ):
        _, allowed = resource.getrlimit(kind)
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))


def _dicom_size(stream: BinaryIO) -> dict[str, int] | None:
    from pydicom import dcmread

    wanted = ["Rows", "Columns", "NumberOfFrames"]
    header = dcmread(stream, stop_before_pixels=True, specific_tags=wanted, force=True)
    if not header.get("Rows") or not header.get("Columns"):
        return None
    frames = int(header.get("NumberOfFrames") or 1)
    return {"columns": int(header.Columns), "rows": int(header.Rows), "frames": max(1, frames)}


def _image_size(stream: BinaryIO) -> dict[str, int]:
    picture = _opened(stream)
    columns, rows = picture.size
    if picture.getexif().get(EXIF_ORIENTATION, 1) in LYING:
        columns, rows = rows, columns
    return {"columns": columns, "rows": rows, "frames": getattr(picture, "n_frames", 1)}


def _upright(stream: BinaryIO, frame: int) -> Any:
    """Return a frame of a JPEG, PNG, … turned as the converter turns it."""
    from PIL import ImageOps

    picture = _opened(stream)
    picture.seek(frame)
    upright = ImageOps.exif_transpose(picture)
    return upright if upright.mode in ("L", "RGB") else upright.convert("RGB")


def _opened(stream: BinaryIO) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # beyond twice of it, opening fails
    return Image.open(stream)


def _gray_or_color(stream: BinaryIO, frame: int, window: str) -> Any:
    """Return a frame of a DICOM file as bytes to look at, shape (rows, columns[, 3])."""
    from pydicom import dcmread
    from pydicom.pixels import apply_color_lut

    header = dcmread(stream, stop_before_pixels=True, force=True)
    if int(header.Rows) * int(header.Columns) > MOST_PIXELS:
        raise ValueError("The frame is too large.")
    stream.seek(0)
    values = _values(stream, header, frame)
    photometric = str(header.get("PhotometricInterpretation", ""))
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(values, header)
    if values.ndim == 3:
        is_wide = values.max() > HIGHEST_BYTE  # some palettes claim more bits than they fill
        return (values >> (8 * (values.itemsize - 1)) if is_wide else values).astype("uint8")
    gray = _windowed(values, header, window)
    return 255 - gray if photometric == "MONOCHROME1" else gray


def _values(stream: BinaryIO, header: Any, frame: int) -> Any:
    """Return the values of a frame, with the decoders that the engine has."""
    from pydicom import dcmread
    from pydicom.pixels import pixel_array
    from pydicom.uid import UID

    syntax = header.file_meta.TransferSyntaxUID
    if syntax in HIGH_THROUGHPUT_2000:
        dataset = dcmread(stream)
        dataset.file_meta.TransferSyntaxUID = UID(JPEG_2000)  # whose library reads both
        return pixel_array(dataset, index=frame)
    is_deep = syntax == JPEG_EXTENDED and header.BitsAllocated > BITS_OF_A_BYTE
    if is_deep or syntax in JPEG_LOSSLESS:
        return _values_of_jpeg(stream, header, frame)
    return pixel_array(stream, index=frame)


def _values_of_jpeg(stream: BinaryIO, header: Any, frame: int) -> Any:
    """Return the values of a frame of more than 8 bits or without loss."""
    import numpy as np
    from imagecodecs import jpeg8_decode
    from PIL import Image
    from pydicom import dcmread
    from pydicom.encaps import get_frame

    count, bits = int(header.get("NumberOfFrames") or 1), header.BitsAllocated
    encoded = get_frame(dcmread(stream).PixelData, frame, number_of_frames=count)
    if header.SamplesPerPixel > 1:
        colors = jpeg8_decode(encoded, colorspace="RGB", outcolorspace="RGB")  # as they lie there
        if str(header.PhotometricInterpretation).startswith("YBR"):
            colors = np.asarray(Image.fromarray(colors, "YCbCr").convert("RGB"))
        return colors
    values = jpeg8_decode(encoded).astype(f"u{bits // 8}")
    if not header.PixelRepresentation:
        return values
    above = bits - header.BitsStored
    return np.right_shift(np.left_shift(values.view(f"i{bits // 8}"), above), above)


def _windowed(values: Any, header: Any, window: str) -> Any:
    """Return gray levels 0 to 255 by the file's own window, the whole range, or most values."""
    import numpy as np
    from pydicom.pixels import apply_modality_lut

    values = apply_modality_lut(values, header).astype("float32")
    if window == "stored" and header.get("WindowCenter") is not None:
        center, width = (float(np.atleast_1d(header[name].value)[0]) for name in _WINDOW)
        low, high = center - width / 2, center + width / 2
    elif window == "narrow":
        low, high = np.percentile(values, (1, 99))
    else:
        low, high = values.min(), values.max()
    return (np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255).astype("uint8")


_WINDOW = ("WindowCenter", "WindowWidth")


def _outlined(picture: Any, boxes: Sequence[Sequence[int]], scale: tuple[float, float]) -> Any:
    from PIL import ImageDraw

    picture = picture.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for left, top, width, height in boxes:
        corners = (left, top, left + width, top + height)
        pen.rectangle(
            [corner * scale[number % 2] for number, corner in enumerate(corners)],
            outline=RED,
            width=OUTLINE,
        )
    return picture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
