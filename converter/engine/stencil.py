"""The header of instances that differ in a few values alone: encoded once, then filled."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

SOP_INSTANCE_UID = 0x00080018
_META_SOP_INSTANCE_UID, _PIXEL_DATA = 0x00020003, 0x7FE00010
_PADDING = {"UI": b"\0"}


@dataclass(frozen=True)
class Stencil:
    """A header with holes; `runs` are the encoded elements before, between and behind them."""

    meta: tuple[bytes, bytes]
    runs: tuple[bytes, ...]
    holes: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, dataset: Dataset, holes: Sequence[int] = ()) -> Self:
        """Encode `dataset`, in explicit VR little endian, up to its pixels.

        Parameters
        ----------
        dataset : Dataset
            A whole instance with its file meta.
        holes : sequence of int
            Tags of its elements of text that differ in each instance, beside the SOP Instance UID.

        References
        ----------
        DICOM PS3.5 7.1.2; PS3.10 7.1.
        """
        tags = sorted((SOP_INSTANCE_UID, *holes))
        edges = pairwise([-1, *tags, _PIXEL_DATA])
        meta = dataset.file_meta
        behind_length = 0x00020001
        return cls(
            meta=(
                _encoded(meta[behind_length:_META_SOP_INSTANCE_UID]),
                _encoded(meta[_META_SOP_INSTANCE_UID + 1 :]),
            ),
            runs=tuple(_encoded(dataset[start + 1 : end]) for start, end in edges),
            holes=tuple((tag, dataset[tag].VR) for tag in tags),
        )

    def filled(self, values: Mapping[int, str]) -> bytes:
        """Return a file up to its pixels; `values` has the text of each hole.

        References
        ----------
        DICOM PS3.10 7.1, DICOM File Meta Information.
        """
        first, last = self.meta
        meta = first + _element(_META_SOP_INSTANCE_UID, "UI", values[SOP_INSTANCE_UID]) + last
        parts = [bytes(128), b"DICM", struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)), meta]
        for run, (tag, vr) in zip(self.runs, self.holes, strict=False):
            parts += (run, _element(tag, vr, values[tag]))
        return b"".join((*parts, self.runs[-1]))


def _encoded(dataset: Dataset) -> bytes:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset, "utf-8")
    return stream.getvalue()


def _element(tag: int, vr: str, value: str) -> bytes:
    """Encode one element of a VR of text with a length of 16 bits."""
    content = value.encode()
    content += _PADDING.get(vr, b" ") * (len(content) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(content)) + content
