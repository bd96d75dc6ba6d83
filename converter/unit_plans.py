"""What a plan fixed for the files of a unit, read back for the engine; needs no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from converter.engine import Attributes, ConversionError, Options, Reference, Series
from converter.engine.errors import gettext_noop
from converter.label_maps import is_named_label_map
from converter.options import VOLUME_KINDS, ConvertOptions, with_patient
from converter.pairs import Source
from converter.units import (
    LABEL_MAPS,
    REFERENCE,
    REFERENCE_CLASS,
    SOURCES,
    planned_receipts,
    position_name,
    series_uid,
    source_seed,
)
from pacs_portal.jobs.joining import AFTER, JoinedStudy
from pacs_portal.jobs.steps import PlanValues, PrivateValues, StepFile


@dataclass(frozen=True)
class UnitPlan:
    """What the plan fixed for the files of one series in a unit, ready for the engine."""

    values: PlanValues
    attributes: Attributes
    options: Options
    joined: JoinedStudy | None = None  # where the images join a stored study, and nobody else does

    @classmethod
    def all_of(
        cls, values: PlanValues, private: PrivateValues, options: ConvertOptions
    ) -> "list[UnitPlan]":
        """Return the plan of a unit's series, then those of the label maps drawn on it."""
        drawn = cast(Sequence[Mapping[str, Any]], private.get(LABEL_MAPS) or ())
        label_maps = (cls._of(one["values"], one["private"], options) for one in drawn)
        return [cls._of(values, private, options), *label_maps]

    @classmethod
    def _of(cls, values: PlanValues, private: PrivateValues, options: ConvertOptions) -> "UnitPlan":
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
        missing = len(self.receipt_ids) - len(source.files)
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
    def receipt_ids(self) -> frozenset[int]:
        """The files that were planned."""
        return planned_receipts(self.values)

    @property
    def series_uid(self) -> str:
        """The series that the files become."""
        return str(self.values["series"])

    @property
    def drawn_on(self) -> str:
        """The series that a label map was drawn on, "" for anything else."""
        reference = self._reference
        return reference.series_instance_uid if reference else ""

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
            series_instance_uid=self.series_uid,
            uid_seed=source_seed(self._study_seed, number, position),
            series_number=number + int(self.values.get(AFTER, 0)),
            first_instance_number=position,
            instance_number_step=int(self.values.get(SOURCES, 1)),
            study_modules=joined.modules if joined else b"",
        )
