"""Convert the files of one planned unit; needs no database."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

from django.conf import settings

from converter.engine import (
    Attributes,
    ConversionError,
    Converted,
    Options,
    Reference,
    Series,
    convert_file,
)
from converter.engine.errors import gettext_noop
from converter.label_maps import is_named_label_map
from converter.options import VOLUME_KINDS, ConvertOptions, with_patient
from converter.pairs import Source, paired
from converter.planning import (
    REFERENCE,
    REFERENCE_CLASS,
    position_count,
    position_name,
    series_uid,
    source_seed,
)
from pacs_portal.jobs.children import End, Room, in_children
from pacs_portal.jobs.joining import AFTER, JoinedStudy
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.planning import UNFORESEEN
from pacs_portal.jobs.steps import (
    InstanceFacts,
    PlanValues,
    PrivateValues,
    StepFile,
    StepResult,
    StepUnavailableError,
    Verdict,
)
from pacs_portal.jobs.verdicts import unreadable, verdicts_on

NAME = "convert"
PROVENANCE = "converter/1"
_BYTES_AT_A_TIME = 64 * 2**20
TOO_SLOW = gettext_noop(
    "Reading this file took longer than allowed. Check that it opens elsewhere, or ask the "
    "administrator to raise the limit."
)
TOO_HUNGRY = gettext_noop(
    "Reading this file took more memory than allowed. Check that it opens elsewhere, or ask the "
    "administrator to raise the limit."
)
ENDED_ITS_READER = gettext_noop(
    "Whatever read this file was ended, twice. Check that the file opens elsewhere, and tell the "
    "administrator."
)
_ENDS = {
    End.TIME: ("too-slow", TOO_SLOW),
    End.MEMORY: ("bomb", TOO_HUNGRY),
    End.KILLED: ("stopped-worker", ENDED_ITS_READER),
    End.FAILURE: ("unforeseen", UNFORESEEN),
}


@dataclass(frozen=True)
class UnitPlan:
    """What the plan fixed for a unit, ready for the engine."""

    values: PlanValues
    attributes: Attributes
    options: Options
    joined: JoinedStudy | None = None  # where the images join a stored study, and nobody else does

    @classmethod
    def of(cls, values: PlanValues, private: PrivateValues, options: ConvertOptions) -> "UnitPlan":
        """Return the plan of a unit, whose files all have the same attributes."""
        given = cast(Mapping[str, str], private.get("attributes") or {})
        modality = str(private.get("modality") or "")
        is_photograph = bool(values["photograph"])
        return cls(
            values=values,
            attributes=with_patient(Attributes(**given), str(values["study"])),
            options=options.engine_options(is_photograph=is_photograph, modality=modality),
        )

    def options_for(self, source: Source) -> Options:
        """Return the options with what belongs to one source.

        Raises
        ------
        ConversionError
            Code "incomplete", if files that were planned together did not come together.
        """
        missing = position_count(self.values) - len(source.files)
        if missing and (source.file.kind in VOLUME_KINDS or source.parts):
            raise ConversionError(
                gettext_noop("What belongs to this file did not come with it. Start a new job."),
                "incomplete",
            )
        return replace(
            self.options,
            voxels=source.voxels.path if source.voxels else None,
            sidecar=source.sidecar.path if source.sidecar else None,
            labels=source.labels.path if source.labels else None,
            is_named_label_map=is_named_label_map(source.file),
            reference=self._reference,
            companions=tuple((part.relative_path.name, part.path) for part in source.parts),
        )

    @property
    def _reference(self) -> Reference | None:
        """The series that a label map was drawn on: a volume, the only source of its series."""
        if REFERENCE not in self.values:
            return None
        seed, number = self._study_seed, int(self.values[REFERENCE])
        return Reference(
            series_instance_uid=series_uid(seed, number),
            sop_class_uid=str(self.values[REFERENCE_CLASS]),
            uid_seed=source_seed(seed, number, 1),
        )

    @property
    def _study_seed(self) -> bytes:
        return bytes.fromhex(str(self.values["seed"]))

    def series_for(self, file: StepFile) -> Series:
        """Return where the outputs of `file` belong."""
        joined, position = self.joined, int(self.values[position_name(file)])
        number = int(self.values["series_number"])
        return Series(
            study_instance_uid=joined.study_instance_uid if joined else str(self.values["study"]),
            series_instance_uid=str(self.values["series"]),
            uid_seed=source_seed(self._study_seed, number, position),
            series_number=number + int(self.values.get(AFTER, 0)),
            first_instance_number=position,
            study_modules=joined.modules if joined else b"",
        )


def convert_unit(files: Sequence[StepFile], plan: UnitPlan, work_dir: Path) -> StepResult:
    """Convert each source into `work_dir`, in a child; one that fails does not stop the others."""
    sources = list(paired(files))
    results = dict(in_children(sources, partial(_answer, plan, work_dir), room_for(1)))
    outputs: list[StepFile] = []
    verdicts: list[Verdict] = []
    for number, source in enumerate(sources):
        result = answered(results[number], source)
        outputs += result.files
        verdicts += result.verdicts
    return StepResult(files=tuple(outputs), verdicts=tuple(verdicts))


def _answer(plan: UnitPlan, work_dir: Path, source: Source) -> StepResult | StepUnavailableError:
    """Convert a source; that the disk is full is an answer, too, which a child can send."""
    try:
        return convert_source(source, plan, work_dir)
    except StepUnavailableError as error:
        return error


def answered(answer: StepResult | StepUnavailableError | End, source: Source) -> StepResult:
    """Return what a child made of a source, or the verdict on one that ended its child."""
    if isinstance(answer, StepUnavailableError):
        raise answer
    if isinstance(answer, End):
        code, sentence = _ENDS[answer]
        verdicts = verdicts_on(source.whole, Outcome.FAILED, code, sentence, NAME)
        return StepResult(files=(), verdicts=tuple(verdicts))
    return answer


def convert_source(source: Source, plan: UnitPlan, work_dir: Path) -> StepResult:
    """Convert one image or volume here and now.

    Raises
    ------
    DiskFullError
        If there is no room for the output.
    """
    file, series = source.whole, plan.series_for(source.file)
    try:
        source.check()
        options = plan.options_for(source)
        converted = convert_file(file.path, work_dir, plan.attributes, series, options)
        outputs = [_output(file, one, series, plan.attributes) for one in converted]
    except ConversionError as error:
        verdicts = verdicts_on(file, Outcome.FAILED, error.code, str(error), NAME)
        return StepResult(files=(), verdicts=tuple(verdicts))
    except OSError as error:
        return StepResult(files=(), verdicts=tuple(unreadable(file, error, NAME)))
    return StepResult(files=tuple(outputs), verdicts=())


def room_for(processes: int) -> Room[Source]:
    """Return the bounds of children that convert; the time of a source grows with its size."""
    return Room(processes, _seconds)


def _seconds(source: Source) -> float:
    size_bytes = 0
    with suppress(OSError):  # a file that is gone is told of when it is read
        size_bytes = sum(file.path.stat().st_size for file in source.files)
    return settings.CONVERT_MAX_SECONDS * (1 + size_bytes // _BYTES_AT_A_TIME)


def _output(
    file: StepFile, converted: Converted, series: Series, attributes: Attributes
) -> StepFile:
    return replace(
        file,
        path=converted.path,
        kind="dicom",
        provenance=PROVENANCE,
        instance=InstanceFacts(
            sop_class_uid=converted.sop_class_uid,
            sop_instance_uid=converted.sop_instance_uid,
            study_instance_uid=series.study_instance_uid,
            series_instance_uid=series.series_instance_uid,
            sha256=converted.sha256,
            size_bytes=converted.size_bytes,
            patient_id=attributes.patient_id,
        ),
    )
