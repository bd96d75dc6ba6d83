"""The header of instances that differ in a few values alone: encoded once, then filled."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from pydicom.dataset import Dataset

from converter.engine.encoding import encoded

SOP_INSTANCE_UID = 0x00080018
_META_SOP_INSTANCE_UID, _PIXEL_DATA = 0x00020003, 0x7FE00010
_PADDING = {"UI": b"\0"}


@dataclass(frozen=True)
class Stencil:
    """A header with holes for values: what is encoded of it before, between and behind them.

    `holes` has for each of them its tag, what stands before its length, and the byte that fills
    its value to an even length.
    """

    meta: tuple[bytes, bytes]
    holes: tuple[tuple[int, bytes, bytes], ...]
    rest: bytes

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
        runs = [encoded(dataset[start + 1 : end]) for start, end in edges]
        meta = dataset.file_meta
        behind_length = 0x00020001
        return cls(
            meta=(
                encoded(meta[behind_length:_META_SOP_INSTANCE_UID]),
                encoded(meta[_META_SOP_INSTANCE_UID + 1 :]),
            ),
            holes=tuple(
                (tag, run + _head(tag, dataset[tag].VR), _PADDING.get(dataset[tag].VR, b" "))
                for tag, run in zip(tags, runs, strict=False)
            ),
            rest=runs[-1],
        )

    def filled(self, values: Mapping[int, str | bytes]) -> bytes:
        """Return a file up to its pixels; `values` has the text, or the bytes, of each hole.

        References
        ----------
        DICOM PS3.10 7.1, DICOM File Meta Information.
        """
        first, last = self.meta
        meta = b"".join((first, _META_HEAD, _value(values[SOP_INSTANCE_UID], b"\0"), last))
        parts = [_START, struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)), meta]
        for tag, before, padding in self.holes:
            parts += (before, _value(values[tag], padding))
        return b"".join((*parts, self.rest))


def _head(tag: int, vr: str) -> bytes:
    """Encode tag and VR of an element of text with a length of 16 bits."""
    return struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())


def _value(value: str | bytes, padding: bytes) -> bytes:
    """Encode length and value of such an element."""
    content = value.encode() if isinstance(value, str) else value
    if len(content) % 2:
        content += padding
    return len(content).to_bytes(2, "little") + content


_START = bytes(128) + b"DICM"
_META_HEAD = _head(_META_SOP_INSTANCE_UID, "UI")
