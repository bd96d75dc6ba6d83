"""What the compressions of a TIFF are: which keep every sample, which hold pictures inside."""

from tifffile import COMPRESSION

FAX = frozenset({COMPRESSION.CCITTRLE, COMPRESSION.CCITT_T4, COMPRESSION.CCITT_T6})
"""One bit for a sample, in runs."""
DEFLATE = frozenset({COMPRESSION.DEFLATE, COMPRESSION.ADOBE_DEFLATE})
PLAIN = (
    FAX
    | DEFLATE
    | frozenset(
        {
            COMPRESSION.NONE,
            COMPRESSION.LZW,
            COMPRESSION.PACKBITS,
            COMPRESSION.LZMA,
            COMPRESSION.ZSTD,
        }
    )
)
"""Samples alone: strips and tiles have no header of their own."""
LOSSLESS = PLAIN | {COMPRESSION.PNG}
"""Those that never lose anything; JPEG 2000 and WebP may or may not."""
JPEG = frozenset({COMPRESSION.JPEG, COMPRESSION.OJPEG, COMPRESSION.JPEG_LOSSY})
JPEG_2000 = frozenset(
    {
        COMPRESSION.JPEG2000,
        COMPRESSION.JPEG_2000_LOSSY,
        COMPRESSION.APERIO_JP2000_YCBC,
        COMPRESSION.APERIO_JP2000_RGB,
    }
)


def lossy_method(compression: int) -> str:
    """Return the Lossy Image Compression Method of a compression that is not lossless.

    References
    ----------
    DICOM PS3.3 C.7.6.1.1.5.1, whose terms may be extended: it has none for WebP.
    """
    if compression in JPEG:
        return "ISO_10918_1"
    return "ISO_15444_1" if compression in JPEG_2000 else "WEBP"
