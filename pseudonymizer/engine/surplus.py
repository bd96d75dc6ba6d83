"""Bytes of native pixel data that belong to no frame: no viewer shows them, and nobody looks."""

from pseudonymizer.engine.elements import Buffer, Dataset, Encoding, count_of, number_of, text_of
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _

_ROWS, _COLUMNS, _FRAMES = 0x00280010, 0x00280011, 0x00280008
_SAMPLES, _PHOTOMETRIC, _ALLOCATED = 0x00280002, 0x00280004, 0x00280100
_CHUNK_BYTES = 1 << 20


def refuse_surplus(header: Dataset, encoding: Encoding, buffer: Buffer, span: range) -> None:
    """Refuse native pixel data that goes on after its last frame; zeros are padding.

    Parameters
    ----------
    header : dict of int to Element
        The dataset as it was read.
    encoding : Encoding
        How the file lays out its values.
    buffer : buffer
        The file.
    span : range
        Where the value of Pixel Data lies in it.

    Raises
    ------
    PseudonymizationError
        If bytes other than zero follow; cutting them would lose the frames of a file whose
        header counts too few.

    References
    ----------
    DICOM PS3.3 C.7.6.3; PS3.5 8.1.1, 8.2.
    """
    for start in range(span.start + frames_bytes(header, encoding), span.stop, _CHUNK_BYTES):
        if any(buffer[start : min(start + _CHUNK_BYTES, span.stop)]):
            raise PseudonymizationError(
                "pixel-surplus",
                _("The file has more pixel data than its header tells of. Export it again."),
            )


def frames_bytes(header: Dataset, encoding: Encoding) -> int:
    """Return how many bytes all frames take, as the Image Pixel attributes say; an even number."""
    samples = number_of(header.get(_SAMPLES), encoding) or 1
    if text_of(header.get(_PHOTOMETRIC)).upper() == "YBR_FULL_422":
        samples = 2  # two pixels share their colors
    pixels = number_of(header.get(_ROWS), encoding) * number_of(header.get(_COLUMNS), encoding)
    frames = count_of(header.get(_FRAMES)) or 1
    bits = pixels * frames * samples * number_of(header.get(_ALLOCATED), encoding)
    return -(-bits // 16) * 2
