"""Convert the files of one planned unit; needs no database."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from converter.engine import (
    Attributes,
    ConversionError,
    Converted,
    Options,
    Series,
    convert_file,
)
from converter.engine.errors import gettext_noop
from converter.options import VOLUME_KINDS, ConvertOptions, with_patient
from converter.pairs import Source, paired
from converter.planning import position_count, position_name
from pacs_portal.jobs.joining import AFTER, JoinedStudy
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import (
    InstanceFacts,
    PlanValues,
    PrivateValues,
    StepFile,
    StepResult,
    Verdict,
)
from pacs_portal.jobs.verdicts import unreadable, verdicts_on

NAME = "convert"
PROVENANCE = "converter/1"


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
        if source.file.kind in VOLUME_KINDS and missing:
            raise ConversionError(
                gettext_noop("What belongs to this volume did not come with it. Start a new job."),
                "incomplete",
            )
        return replace(
            self.options,
            voxels=source.voxels.path if source.voxels else None,
            sidecar=source.sidecar.path if source.sidecar else None,
        )

    def series_for(self, file: StepFile) -> Series:
        """Return where the outputs of `file` belong."""
        joined, position = self.joined, int(self.values[position_name(file)])
        seed = bytes.fromhex(str(self.values["seed"]))
        own_seed = f"{self.values['series_number']} {position}".encode()
        return Series(
            study_instance_uid=joined.study_instance_uid if joined else str(self.values["study"]),
            series_instance_uid=str(self.values["series"]),
            uid_seed=hashlib.sha256(seed + own_seed).digest(),
            series_number=int(self.values["series_number"]) + int(self.values.get(AFTER, 0)),
            first_instance_number=position,
            study_modules=joined.modules if joined else b"",
        )


def convert_unit(files: Sequence[StepFile], plan: UnitPlan, work_dir: Path) -> StepResult:
    """Convert each file into `work_dir`; one that fails does not stop the others."""
    outputs: list[StepFile] = []
    verdicts: list[Verdict] = []
    for source in paired(files):
        file, series = source.whole, plan.series_for(source.file)
        try:
            source.check()
            options = plan.options_for(source)
            converted = convert_file(file.path, work_dir, plan.attributes, series, options)
            outputs += [_output(file, one, series) for one in converted]
        except ConversionError as error:
            verdicts += verdicts_on(file, Outcome.FAILED, error.code, str(error), NAME)
        except OSError as error:
            verdicts += unreadable(file, error, NAME)
    return StepResult(files=tuple(outputs), verdicts=tuple(verdicts))


def _output(file: StepFile, converted: Converted, series: Series) -> StepFile:
    with converted.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
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
            sha256=digest,
            size_bytes=converted.path.stat().st_size,
        ),
    )
