"""One module per family of sources; `READERS` says which one reads what."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from converter.engine.options import Job
from converter.engine.output import Outbox

Reader = Callable[[Path, Job, Outbox], None]

# Names, not functions: a reader and its libraries are imported when its first file comes.
READERS = {
    "jpeg": "converter.engine.sources.jpeg",
    "png": "converter.engine.sources.png",
    "bmp": "converter.engine.sources.bmp",
    "gif": "converter.engine.sources.gif",
    "webp": "converter.engine.sources.webp",
    "tiff": "converter.engine.sources.tiff",
    "slide": "converter.engine.sources.slide.openslide_source",
    "nifti": "converter.engine.sources.nifti",
    "nifti-gz": "converter.engine.sources.nifti",
    "nifti-pair": "converter.engine.sources.nifti",
}


def reader_for(kind: str) -> Reader:
    """Return the function `convert` of the module that reads `kind`."""
    reader: Reader = import_module(READERS[kind]).convert
    return reader
