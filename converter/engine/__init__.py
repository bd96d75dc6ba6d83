"""Images in, DICOM out: pure functions of files, values and a given clock."""

from converter.engine.conversion import convert_file
from converter.engine.errors import ConversionError
from converter.engine.options import Attributes, Converted, Options, Reference, Series
from converter.engine.sniffing import CONVERTIBLE, sniff
from converter.engine.sources.slide.recognition import is_slide
from converter.engine.uids import derive_uid

__all__ = [
    "CONVERTIBLE",
    "Attributes",
    "ConversionError",
    "Converted",
    "Options",
    "Reference",
    "Series",
    "convert_file",
    "derive_uid",
    "is_slide",
    "sniff",
]
