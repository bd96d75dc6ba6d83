"""Data elements as they stand in a file: numbers and raw bytes, nothing decoded."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from mmap import mmap
from struct import Struct

Buffer = bytes | mmap

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
_COUNT = re.compile("[0-9]{1,12}")  # as long as PS3.5 6.2 lets an IS be


@dataclass(frozen=True)
class Encoding:
    """How elements are laid out: with or without VR, and in which byte order."""

    is_explicit: bool
    is_big_endian: bool = False

    @property
    def order(self) -> str:
        return ">" if self.is_big_endian else "<"


IMPLICIT_LITTLE = Encoding(is_explicit=False)
EXPLICIT_LITTLE = Encoding(is_explicit=True)
EXPLICIT_BIG = Encoding(is_explicit=True, is_big_endian=True)


@dataclass(slots=True)
class Element:
    """One element: a raw value, the fragments of an encapsulated one, or a sequence's items.

    It is never changed; datasets, files of a series too, share elements.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: "list[Dataset] | None" = None
    is_encapsulated: bool = False
    # Its bytes in one encoding, once they were written: most elements of a series are shared.
    written: bytes = field(default=b"", init=False, repr=False, compare=False)
    written_in: Encoding | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        return not self.value and not self.items


Dataset = dict[int, Element]


@dataclass(frozen=True)
class Layout:
    """The struct formats of one byte order."""

    tag: Callable[..., tuple[int, int]]
    short: Callable[..., tuple[int]]
    long: Callable[..., tuple[int]]


def _layout(order: str) -> Layout:
    return Layout(
        tag=Struct(order + "HH").unpack_from,
        short=Struct(order + "H").unpack_from,
        long=Struct(order + "L").unpack_from,
    )


LAYOUTS = {False: _layout("<"), True: _layout(">")}


def text_element(tag: int, vr: str, text: str) -> Element:
    """Return an element with an ASCII value, padded to even length as PS3.5 6.2 asks."""
    padding = "\0" if vr == "UI" else " "
    return Element(tag, vr, (text + padding * (len(text) % 2)).encode("ascii"))


def text_of(element: Element | None) -> str:
    """Return a value as text without padding; bytes outside ASCII become Latin-1 letters."""
    return element.value.decode("latin-1").strip(" \0") if element else ""


def count_of(element: Element | None) -> int:
    """Return an IS value as a count: 1 without one, 0 for what is none."""
    text = text_of(element) or "1"
    return int(text) if _COUNT.fullmatch(text) else 0


def number_of(element: Element | None, encoding: Encoding) -> int:
    """Return a value as one unsigned number, 0 without one; several make one that fits nowhere."""
    if element is None:
        return 0
    return int.from_bytes(element.value, "big" if encoding.is_big_endian else "little")
