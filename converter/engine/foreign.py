"""Images of formats that are not converted, each with what to do."""

from converter.engine.errors import gettext_noop as _

FOREIGN = {
    "jpeg2000": _("JPEG 2000 is read inside a TIFF only. Save the image as PNG or TIFF."),
    "jpegxl": _("JPEG XL is not read. Save the image as PNG or TIFF."),
    "heif": _(
        "HEIC and AVIF are not read. Save the photograph as JPEG: phones and programs that show "
        "it can."
    ),
    "nrrd": _("NRRD is not read. Save the volume as NIfTI, in 3D Slicer for example."),
    "metaimage": _("MetaImage is not read. Save the volume as NIfTI, in 3D Slicer for example."),
    "mgh": _("MGH is not read. Make a NIfTI file of it with mri_convert of FreeSurfer."),
    "microscope": _(
        "Files in a microscope's own format are not read. Save the image as OME-TIFF, with "
        "QuPath or Bio-Formats."
    ),
    "video": _("Videos are not converted. Save the pictures that count as PNG or JPEG."),
}
