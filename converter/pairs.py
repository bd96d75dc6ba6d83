"""Sources in several files: volumes with what lies beside them, a MIRAX slide and its folder."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from converter.engine import ConversionError
from converter.engine.errors import gettext_noop as _
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile, Verdict
from pacs_portal.jobs.verdicts import verdicts_on

HEADER_KIND = "nifti-pair"
VOXELS_KIND = "voxels"
SIDECAR_KIND = "json"
LABELS_KIND = "labels"
SLIDE_PART_KIND = "slide-part"
COMPANION_KINDS = frozenset({VOXELS_KIND, SIDECAR_KIND, LABELS_KIND, SLIDE_PART_KIND})
_MIRAX = ".mrxs"
_SUFFIXES = (".gz", ".nii", ".hdr", ".img", ".json", ".tsv", ".ctbl", ".label", ".txt")
Companions = dict[tuple[str, tuple[PurePosixPath, str]], StepFile]
Parts = dict[PurePosixPath, list[StepFile]]
_DESCRIBED_KINDS = frozenset({"nifti", "nifti-gz", HEADER_KIND})


@dataclass(frozen=True, repr=False)
class Source:
    """What becomes one image or volume: a file, and what else belongs to it."""

    file: StepFile
    voxels: StepFile | None = None
    sidecar: StepFile | None = None
    labels: StepFile | None = None
    parts: tuple[StepFile, ...] = ()  # of a slide: the folder that has its name

    @property
    def files(self) -> tuple[StepFile, ...]:
        """Return all files, that which names the source first."""
        beside = (self.file, self.voxels, self.sidecar, self.labels)
        return (*(file for file in beside if file), *self.parts)

    @property
    def is_mirax(self) -> bool:
        """Tell whether the file stands for a slide whose pixels lie in a folder."""
        return is_mirax(self.file)

    @property
    def whole(self) -> StepFile:
        """Return the file that names the source; what comes of it comes from every input."""
        ids = tuple(number for file in self.files for number in file.receipt_ids)
        return replace(self.file, receipt_ids=ids)

    def check(self) -> None:
        """Refuse half a pair, half a slide, and a sidecar of nothing.

        Raises
        ------
        ConversionError
            Code "incomplete" or "not-an-image".
        """
        if self.file.kind == SIDECAR_KIND:
            raise ConversionError(
                _("This JSON file has no NIfTI volume of the same name beside it."), "not-an-image"
            )
        if self.file.kind == LABELS_KIND:
            raise ConversionError(
                _("This table of labels has no NIfTI volume of the same name beside it."),
                "not-an-image",
            )
        self._check_slide()
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

    def _check_slide(self) -> None:
        if self.is_mirax and not self.parts:
            raise ConversionError(
                _(
                    "This slide lies in several files, and its folder is missing. "
                    "Upload the folder of the same name beside it."
                ),
                "incomplete",
            )
        if self.file.kind == SLIDE_PART_KIND:
            raise ConversionError(
                _(
                    "This seems to be a part of a slide, and no .mrxs file is beside its folder. "
                    "Upload the .mrxs file of the same name too."
                ),
                "incomplete",
            )


def is_mirax(file: StepFile) -> bool:
    """Tell a MIRAX slide, which only its name gives away: its content is a small picture."""
    return file.relative_path.name.lower().endswith(_MIRAX)


def paired(files: Iterable[StepFile]) -> Iterator[Source]:
    """Yield the sources in the order of `files`; what has lost its other half stands alone."""
    files = tuple(files)
    companions: Companions = {}
    parts: Parts = defaultdict(list)
    surplus = []  # a second one of the same kind and name, such as brain.img beside brain.img.gz
    for file in files:
        if file.kind == SLIDE_PART_KIND:
            parts[file.relative_path.parent].append(file)
        elif file.kind in COMPANION_KINDS:
            first = companions.setdefault((file.kind, stem_of(file)), file)
            surplus += [file] if first is not file else []
    leading = [file for file in files if file.kind not in COMPANION_KINDS]
    yield from [_source(file, companions, parts) for file in leading]
    lost_parts = [file for folder in parts.values() for file in folder]
    yield from (Source(file) for file in (*companions.values(), *surplus, *lost_parts))


def whole_sources(files: Iterable[StepFile]) -> tuple[list[StepFile], list[Verdict]]:
    """Return the files of all whole sources, and verdicts on what has lost its other half."""
    whole: list[StepFile] = []
    verdicts: list[Verdict] = []
    for source in paired(files):
        try:
            source.check()
            whole += source.files
        except ConversionError as error:
            for file in source.files:
                verdicts += verdicts_on(file, Outcome.FAILED, error.code, str(error), "plan")
    return whole, verdicts


def _source(file: StepFile, companions: Companions, parts: Parts) -> Source:
    """Take what belongs to `file` out of `companions` and `parts`."""
    if is_mirax(file):
        path = file.relative_path
        return Source(file, parts=tuple(parts.pop(path.parent / path.stem, ())))
    if file.kind not in _DESCRIBED_KINDS:
        return Source(file)
    stem = stem_of(file)
    return Source(
        file,
        companions.pop((VOXELS_KIND, stem), None) if file.kind == HEADER_KIND else None,
        companions.pop((SIDECAR_KIND, stem), None),
        companions.pop((LABELS_KIND, stem), None),
    )


def stem_of(file: StepFile) -> tuple[PurePosixPath, str]:
    """Return folder and name that files of one volume share: brain of brain.hdr, brain.img.gz."""
    name = file.relative_path.name
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return file.relative_path.parent, name
