"""What a file says, as pydicom reads it: raw bytes by tag, sequences as lists, at every depth.

The engine never parses with pydicom, so whatever both say of a file, two readers said.
"""

from pydicom.datadict import dictionary_keyword, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.values import convert_SQ

ITEM = b"\xfe\xff\x00\xe0"
NESTED_VRS = ("SQ", "UN")
FIRST_OF_PIXELS = 0x7FE00001  # their offset tables; nothing of the header stands behind

Values = dict[int, "tuple[str, bytes] | list[Values]"]


def known_vr(tag: int) -> str:
    """Return the VR of a standard attribute, the first one of several, or nothing."""
    try:
        return (
            ""
            if tag >> 16 & 1
            else dictionary_VR(tag).split(" or ")[0]
            if dictionary_keyword(tag)
            else ""
        )
    except KeyError:
        return ""


def raw_values(dataset: Dataset) -> Values:
    """Return the elements before the pixel data, none of them decoded.

    A sequence that was stored as UN is read as PS3.5 6.2.2 says; private ones are left as bytes.
    """
    tags = [tag for tag in dataset.keys() if int(tag) < FIRST_OF_PIXELS]  # noqa: SIM118
    return {int(tag): _value(dataset, tag) for tag in tags}


def _value(dataset: Dataset, tag: BaseTag) -> "tuple[str, bytes] | list[Values]":
    element = dataset.get_item(tag)
    if not isinstance(element, RawDataElement):  # pydicom has read a sequence or open fragments
        if element.VR == "SQ":
            return [raw_values(item) for item in element.value]
        return str(element.VR), _bytes_of(element.value)
    vr, content = element.VR or known_vr(tag) or "UN", element.value or b""
    if vr == "SQ":
        sequence = convert_SQ(content, element.is_implicit_VR, element.is_little_endian)
        return [raw_values(item) for item in sequence]
    is_open = vr == "UN" and not tag.is_private and content.startswith(ITEM)
    if is_open and known_vr(tag) in ("", *NESTED_VRS):
        return [raw_values(item) for item in convert_SQ(content, True, True)]
    return vr, content


def _bytes_of(value: object) -> bytes:
    """Return a value that pydicom has decoded: fragments, or the character set."""
    if isinstance(value, bytes):
        return value
    texts = [value] if isinstance(value, str) else list(value or ())
    return "\\".join(texts).encode()
