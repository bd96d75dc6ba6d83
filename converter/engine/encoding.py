"""Data elements as bytes, for what is too much to be an object each."""

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

_ITEM = b"\xfe\xff\x00\xe0"


def encoded(dataset: Dataset) -> bytes:
    """Return the elements of `dataset` in explicit VR little endian, without a header.

    References
    ----------
    DICOM PS3.5 7.1.2, Data Element Structure with Explicit VR.
    """
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset, "utf-8")
    return stream.getvalue()


def sequence_head(tag: int, length: int) -> bytes:
    """Return tag, VR and length of a sequence whose items take `length` bytes."""
    return _head(tag, b"SQ", length)


def item_head(length: int) -> bytes:
    """Return tag and length of an item of a sequence."""
    return _ITEM + length.to_bytes(4, "little")


def pixel_head(vr: str, length: int) -> bytes:
    """Return tag, VR and length of Pixel Data."""
    return element_head(0x7FE00010, vr, length)


def element_head(tag: int, vr: str, length: int) -> bytes:
    """Return tag, VR and length of an element of a VR with a length of 32 bits."""
    return _head(tag, vr.encode(), length)


def _head(tag: int, vr: bytes, length: int) -> bytes:
    group, element = (tag >> 16).to_bytes(2, "little"), (tag & 0xFFFF).to_bytes(2, "little")
    return group + element + vr + b"\0\0" + length.to_bytes(4, "little")
