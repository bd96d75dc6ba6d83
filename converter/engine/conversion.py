"""One file in, its DICOM instances out."""

from collections.abc import Iterator
from pathlib import Path

from converter.engine.errors import ConversionError, too_large
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Attributes, Converted, Job, Options, Series
from converter.engine.sniffing import CONVERTIBLE, sniff

_HEAD_BYTES = 1024
_TILED_KINDS = frozenset({"slide", "tiff"})  # read part by part
ANALYZE = _(
    "This is an Analyze file, which does not say which side is left. "
    "Save it as NIfTI with its orientation."
)


def convert_file(
    source: Path, target_dir: Path, attributes: Attributes, series: Series, options: Options
) -> Iterator[Converted]:
    """Convert one file to DICOM.

    All instances of the source are written as `<SOP Instance UID>.dcm` before the first one is
    yielded; when the source is refused, nothing stays in `target_dir`. The same arguments give
    the same bytes.

    Parameters
    ----------
    source : Path
        A JPEG, PNG, BMP, GIF, WebP, TIFF, .nii, .nii.gz or .hdr file, or a slide; told by content,
        not by name.
    target_dir : Path
        An existing folder.
    attributes : Attributes
        Patient and study attributes that a person gave.
    series : Series
        UIDs, numbers and clock of the outputs.
    options : Options
        Modality, photograph or not, limits.

    Yields
    ------
    Converted
        One per instance, in the order of Instance Number.

    Raises
    ------
    ConversionError
        With a sentence for people and a `code`; see `ConversionError.CODES`.
    """
    from converter.engine.output import outbox
    from converter.engine.sources import reader_for

    kind = _convertible_kind(source, options)
    with outbox(target_dir) as box:
        reader_for(kind)(source, Job(attributes, series, options), box)
        delivered = box.deliver()
    yield from delivered


def _convertible_kind(source: Path, options: Options) -> str:
    with source.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise ConversionError(
            _("The file is empty. Copy it again from where it came from."), "empty"
        )
    # What a slide in several files is called says only its name; its content is a small picture.
    kind = "slide" if options.companions else sniff(head)
    most = options.max_slide_bytes if kind in _TILED_KINDS else options.max_bytes
    if source.stat().st_size > most:
        raise too_large()
    if kind in CONVERTIBLE:
        return str(kind)
    raise _refusal(kind)


def _refusal(kind: str | None) -> ConversionError:
    if kind == "dicom":
        return ConversionError(
            _("This is already a DICOM file. Give it to the pseudonymizer instead."), "is-dicom"
        )
    if kind == "analyze":
        return ConversionError(ANALYZE, "geometry")
    if kind is None:
        return ConversionError(
            _(
                "This is not an image that can be converted. "
                "Use JPEG, PNG, BMP, GIF, WebP, TIFF, a slide or NIfTI."
            ),
            "not-an-image",
        )
    return ConversionError(
        _(
            "The format of this image is not supported yet. "
            "Save it as JPEG, PNG, BMP, GIF, WebP, TIFF or NIfTI."
        ),
        "unsupported",
    )
