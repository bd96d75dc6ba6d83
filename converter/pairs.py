"""Volumes in two files: a header (.hdr) and its voxels (.img), which tell nothing by themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from converter.engine import ConversionError
from converter.engine.errors import gettext_noop as _
from pacs_portal.jobs.steps import StepFile

HEADER_KIND = "nifti-pair"
VOXELS_KIND = "voxels"


@dataclass(frozen=True, repr=False)
class Source:
    """What becomes one image or volume: a file, and the voxels that lie in a second one."""

    file: StepFile
    voxels: StepFile | None = None

    @property
    def files(self) -> tuple[StepFile, ...]:
        """Return all files, that which names the source first."""
        return (self.file,) if self.voxels is None else (self.file, self.voxels)

    @property
    def whole(self) -> StepFile:
        """Return the file that names the source; what comes of it comes from every input."""
        ids = tuple(number for file in self.files for number in file.receipt_ids)
        return replace(self.file, receipt_ids=ids)

    def check(self) -> None:
        """Refuse half a pair.

        Raises
        ------
        ConversionError
            Code "incomplete".
        """
        if self.file.kind == HEADER_KIND and self.voxels is None:
            raise ConversionError(
                _(
                    "This header belongs to a pair, and its voxels are missing. "
                    "Upload the .img file of the same name beside it."
                ),
                "incomplete",
            )
        if self.file.kind == VOXELS_KIND:
            raise ConversionError(
                _(
                    "These seem to be the voxels of a pair, and no NIfTI header is beside them. "
                    "Upload the .hdr file of the same name too."
                ),
                "incomplete",
            )


def paired(files: Iterable[StepFile]) -> Iterator[Source]:
    """Yield the sources in the order of `files`; what has lost its other half stands alone."""
    files = tuple(files)
    headers = {_stem(file): file for file in files if file.kind == HEADER_KIND}
    voxels = {_stem(file): file for file in files if file.kind == VOXELS_KIND}
    for file in files:
        stem = _stem(file)
        if file.kind == VOXELS_KIND and stem in headers:
            continue  # comes with its header
        has_voxels = file.kind == HEADER_KIND and headers[stem] is file
        yield Source(file, voxels.get(stem) if has_voxels else None)


def _stem(file: StepFile) -> PurePosixPath:
    """Return the name that both files of a pair share: brain of brain.hdr and brain.img.gz."""
    name = file.relative_path
    if name.suffix.lower() == ".gz":
        name = name.with_suffix("")
    return name.with_suffix("")
