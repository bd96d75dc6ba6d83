"""The shapes of JPEG's marker segments: what is longer than its own numbers say hides something."""

from collections.abc import Callable

_DHT, _DAC, _SOS, _DQT, _DNL, _DRI, _EXP, _LSE = 0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, 0xDF, 0xF8
_LS_PRESETS = 11  # bytes of an LSE segment of type 1
_LONGEST_NUMBER = 4


def is_sound(marker: int, content: bytes) -> bool:
    """Tell whether a segment is as long as what it says of itself.

    Parameters
    ----------
    marker : int
        The second byte of its marker: a frame, a scan or a table.
    content : bytes
        What follows its length.

    References
    ----------
    ITU-T T.81 B.2.2 to B.2.5 and B.3; ITU-T T.87 C.2.4.
    """
    size = len(content)
    if marker == _DQT:
        return _is_row_of(content, lambda at: 1 + 64 * (1 + (content[at] >> 4)))
    if marker == _DHT:
        return _is_row_of(content, lambda at: 17 + sum(content[at + 1 : at + 17]))
    if marker == _DAC:
        return size % 2 == 0 and not any(kind & 0xEC for kind in content[::2])
    if marker == _SOS:
        return size >= 4 and size == 4 + 2 * content[0]
    if marker in (_DNL, _DRI):
        return 2 <= size <= _LONGEST_NUMBER
    if marker == _EXP:
        return size == 1
    if marker == _LSE:
        return size == _LS_PRESETS and content[0] == 1
    return size >= 6 and size == 6 + 3 * content[5]  # a frame, or a hierarchy of them


def _is_row_of(content: bytes, length_at: Callable[[int], int]) -> bool:
    """Tell whether tables, each as long as its beginning says, fill the segment."""
    position = 0
    while position < len(content):
        position += length_at(position)
    return position == len(content) > 0
