"""Overlays that lie in unused bits of native pixel data: these bits are cleared."""

from collections.abc import Iterable, Iterator

from pseudonymizer.engine.elements import Dataset, Encoding, number_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _

_OVERLAY_BIT_POSITION = 0x60000102
_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT = 0x00280100, 0x00280101, 0x00280102
_MASKED_BYTES = 1 << 16


def unused_bits_mask(dataset: Dataset, encoding: Encoding, is_native: bool) -> bytes | None:
    """Return which bits of a pixel cell are pixel, where an overlay lies in the others.

    Parameters
    ----------
    dataset : dict of int to Element
        The header as it was read.
    encoding : Encoding
        How the file lays out its values.
    is_native : bool
        Whether the pixel data is not compressed.

    Returns
    -------
    bytes or None
        One cell in the file's byte order, ones where the pixel stands; None if no
        overlay lies in the pixel data.

    Raises
    ------
    HeldBack
        If the overlay's bits cannot be told from the pixel's.

    References
    ----------
    DICOM PS3.3 C.9.2 (in 2004: overlays in pixel data, retired since); PS3.5 8.1.1.
    """
    positions = _overlay_positions(dataset, encoding)
    if not positions:
        return None
    allocated = number_of(dataset.get(_BITS_ALLOCATED), encoding)
    stored = number_of(dataset.get(_BITS_STORED), encoding)
    high = number_of(dataset.get(_HIGH_BIT), encoding) if _HIGH_BIT in dataset else stored - 1
    low = high - stored + 1
    is_cell = allocated in (8, 16) or (allocated == 32 and not encoding.is_big_endian)
    is_apart = all(not low <= place <= high and place < allocated for place in positions)
    if not (is_native and is_cell and stored and 0 <= low <= high < allocated and is_apart):
        raise HeldBack(
            "overlay-in-pixels",
            _("The image holds an overlay in its pixels. A data steward has to look at it."),
        )
    cell = (1 << stored) - 1 << low
    return cell.to_bytes(allocated // 8, "big" if encoding.is_big_endian else "little")


def clear_unused_bits(chunks: Iterable[bytes], mask: bytes) -> Iterator[bytes]:
    """Yield native pixel data with the bits outside `mask` cleared; lengths stay."""
    offset = 0
    for chunk in chunks:
        for start in range(0, len(chunk), _MASKED_BYTES):
            piece = chunk[start : start + _MASKED_BYTES]
            yield _masked(piece, mask, offset)
            offset += len(piece)


def _masked(piece: bytes, mask: bytes, offset: int) -> bytes:
    """Return `piece`, which starts `offset` bytes into the pixel data, under the mask."""
    turned = mask[offset % len(mask) :] + mask[: offset % len(mask)]
    whole = (turned * (len(piece) // len(mask) + 1))[: len(piece)]
    bits = int.from_bytes(piece, "little") & int.from_bytes(whole, "little")
    return bits.to_bytes(len(piece), "little")


def _overlay_positions(dataset: Dataset, encoding: Encoding) -> set[int]:
    """Return the bit positions of overlays in the pixel data; 0 stands for data of its own."""
    tags = (_OVERLAY_BIT_POSITION + (plane << 16) for plane in range(0, 0x1E + 1, 2))
    return {number_of(dataset.get(tag), encoding) for tag in tags if tag in dataset} - {0}
