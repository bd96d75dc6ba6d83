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
    "slide": _("Slides"),
    "slide-part": _("Parts of slides"),
    "nifti": _("NIfTI volumes"),
    "nifti-gz": _("NIfTI volumes, packed"),
    "nifti-pair": _("Headers of NIfTI pairs"),
    "voxels": _("Voxels of NIfTI pairs"),
    "json": _("JSON beside volumes"),
    "labels": _("Names of labels"),
    "analyze": _("Analyze volumes"),
    "table": _("Tables of attributes"),
    "zip": _("Zips"),
    "gzip": _("Packed files"),
    "pdf": _("PDF"),
    "system": _("System files"),
    "empty": _("Empty files"),
    "unknown": _("Documents and others"),
    "unreadable": _("Unreadable files"),
}


def kind_label(kind: str) -> Text:
    """Return how people call a kind; one that a tool added later has its own name."""
    return LABELS.get(kind, kind)
