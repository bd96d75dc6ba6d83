"""What a person chose for a conversion, from a form, a command line or a job's options."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Self

from django.conf import settings

from converter.engine import Attributes, Options
from converter.metadata import COLUMNS, Row, by_path, row_for
from converter.statements import NO_FACES
from converter.trees import FOLDER, NAMING_PATIENTS

PHOTOGRAPH_MODALITY = "XC"
VOLUME_KINDS = frozenset({"nifti", "nifti-gz", "nifti-pair"})
PICTURE_KINDS = frozenset({"jpeg", "png", "bmp", "gif", "webp", "tiff"})
SLIDE_KIND = "slide"
# What a person accepts for volumes that are not as they should be, and how floats are kept.
VOLUME_SWITCHES = ("assume_orientation", "straighten", "parametric_maps")
PATIENT_FIELDS = ("patient_id", "patient_name", "patient_birth_date", "patient_sex")


@dataclass(frozen=True)
class ConvertOptions:
    """Modality, photograph or not (None: as each file shows), and the attributes given.

    `no_faces` says that a person vouched for it: nobody can be recognized in the photographs.
    `volumes` is what volumes are: "images", "labels", or "" for: as each shows.
    `overview` asks for the picture of whole slides beside their tissue.
    """

    modality: str = ""
    photograph: bool | None = None
    no_faces: bool = False
    volumes: str = ""
    overview: bool = False
    tree: str = FOLDER
    study: str = ""  # the UID of a stored study that all images join
    parametric_maps: bool = False
    assume_orientation: bool = False
    straighten: bool = False
    attributes: Attributes = field(default_factory=Attributes, repr=False)
    table: tuple[Row, ...] = field(default=(), repr=False)

    @classmethod
    def of_job(cls, options: Mapping[str, Any]) -> Self:
        """Read a job's options; what they do not name keeps its default."""
        given = {name: str(options[name]) for name in COLUMNS if options.get(name)}
        return cls(
            modality=str(options.get("modality") or ""),
            photograph=options.get("photograph"),
            no_faces=bool(options.get(NO_FACES.name)),
            volumes=str(options.get("volumes") or ""),
            overview=bool(options.get("overview")),
            tree=str(options.get("tree") or FOLDER),
            study=str(options.get("study") or ""),
            **{name: bool(options.get(name)) for name in VOLUME_SWITCHES},
            attributes=Attributes(**given),
            table=tuple(options.get("table") or ()),
        )

    @cached_property
    def form(self) -> Mapping[str, str]:
        """What the form says, without what it leaves open."""
        return {name: value for name, value in asdict(self.attributes).items() if value}

    @property
    def names_patients(self) -> bool:
        """Tell whether the rule for folders takes a patient from their names."""
        return self.tree in NAMING_PATIENTS

    def row_of(self, name: PurePosixPath) -> Row:
        """Return what the table that the person named says of a file."""
        return row_for(name, self._rows) if self.table else Row()

    @cached_property
    def _rows(self) -> Mapping[tuple[str, ...], Row]:
        """The table by the paths that its rows name."""
        return by_path(self.table)

    def engine_options(self, *, is_photograph: bool, modality: str = "") -> Options:
        """Return the engine's options for a series of photographs or of other images."""
        modality = PHOTOGRAPH_MODALITY if is_photograph else modality or self.modality
        return Options(
            modality=modality,
            photograph=is_photograph,
            no_faces=self.no_faces,
            volumes=self.volumes,
            overview=self.overview,
            max_pixels=settings.CONVERT_MAX_PIXELS,
            max_bytes=settings.CONVERT_MAX_MB * 2**20,
            **{name: getattr(self, name) for name in VOLUME_SWITCHES},
        )


def with_patient(attributes: Attributes, study_instance_uid: str) -> Attributes:
    """Return the attributes of a study; without a patient it gets one of its own."""
    if attributes.patient_id or attributes.patient_name:
        return attributes
    return replace(attributes, patient_id=f"UNNAMED-{study_instance_uid[-10:]}")
