"""What a person chose for a conversion, from a form, a command line or a job's options."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from converter.engine import Attributes, Options

PHOTOGRAPH_MODALITY = "XC"
VOLUME_KINDS = frozenset({"nifti", "nifti-gz"})
PATIENT_FIELDS = ("patient_id", "patient_name", "patient_birth_date", "patient_sex")


@dataclass(frozen=True)
class ConvertOptions:
    """Modality, photograph or not (None: as each file shows), and the attributes given."""

    modality: str = ""
    photograph: bool | None = None
    attributes: Attributes = field(default_factory=Attributes, repr=False)

    @classmethod
    def of_job(cls, options: Mapping[str, Any]) -> Self:
        """Read a job's options; what they do not name keeps its default."""
        names = [attribute.name for attribute in fields(Attributes)]
        given = {name: str(options[name]) for name in names if options.get(name)}
        return cls(
            modality=str(options.get("modality") or ""),
            photograph=options.get("photograph"),
            attributes=Attributes(**given),
        )

    @property
    def names_patient(self) -> bool:
        """Tell whether a person said whose images these are."""
        return bool(self.attributes.patient_id or self.attributes.patient_name)

    def engine_options(self, *, is_photograph: bool) -> Options:
        """Return the engine's options for a series of photographs or of other images."""
        modality = PHOTOGRAPH_MODALITY if is_photograph else self.modality
        return Options(modality=modality, photograph=is_photograph)

    def attributes_for(self, study_instance_uid: str) -> Attributes:
        """Return the attributes of a study; without a patient it gets one of its own."""
        if self.names_patient:
            return self.attributes
        return replace(self.attributes, patient_id=placeholder_id(study_instance_uid))


def placeholder_id(study_instance_uid: str) -> str:
    """Return the patient ID of a study whose patient nobody named."""
    return f"UNNAMED-{study_instance_uid[-10:]}"
