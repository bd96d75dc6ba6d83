"""What people call the kinds that the content of files tells."""

from django.utils.translation import gettext_lazy as _

from pacs_portal.tools import Text

LABELS: dict[str, Text] = {
    "dicom": _("DICOM"),
    "dicomdir": _("DICOM table of contents"),
    "jpeg": _("JPEG"),
    "png": _("PNG"),
    "bmp": _("BMP"),
    "gif": _("GIF"),
    "webp": _("WebP"),
    "tiff": _("TIFF"),
    "slide": _("Slide"),
    "slide-part": _("Part of a slide"),
    "nifti": _("NIfTI volume"),
    "nifti-gz": _("NIfTI volume, packed"),
    "nifti-pair": _("Header of a NIfTI pair"),
    "voxels": _("Voxels of a NIfTI pair"),
    "json": _("JSON beside a volume"),
    "labels": _("Names of labels"),
    "analyze": _("Analyze volume"),
    "table": _("Table of attributes"),
    "zip": _("Zip"),
    "gzip": _("Packed file"),
    "pdf": _("PDF"),
    "jpeg2000": _("JPEG 2000"),
    "jpegxl": _("JPEG XL"),
    "heif": _("HEIC or AVIF photograph"),
    "nrrd": _("NRRD volume"),
    "metaimage": _("MetaImage volume"),
    "mgh": _("FreeSurfer volume"),
    "microscope": _("Microscope's own format"),
    "video": _("Video"),
    "system": _("System file"),
    "empty": _("Empty file"),
    "unknown": _("Document or other file"),
    "unreadable": _("Unreadable file"),
}


def kind_label(kind: str) -> Text:
    """Return how people call a kind; one that a tool added later has its own name."""
    return LABELS.get(kind, kind)
