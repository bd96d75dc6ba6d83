"""What a caller hands to the engine and gets back: values only."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Attributes:
    """Patient and study attributes that a person gave; what is empty stays empty in the output.

    Dates are YYYYMMDD, times HHMMSS, `patient_sex` M, F or O, `laterality` R or L, and
    `body_part` a defined term of PS3.16 Annex L such as CHEST.
    """

    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession_number: str = ""
    body_part: str = ""
    laterality: str = ""


@dataclass(frozen=True)
class Reference:
    """The images that a label map was drawn on: a volume of the same grid, converted to a series.

    `uid_seed` is that of the series' own source, from which the UIDs of its instances derive.
    """

    series_instance_uid: str
    sop_class_uid: str
    uid_seed: bytes = field(repr=False)


@dataclass(frozen=True)
class Options:
    """How to convert, and how much a source may grow when it is unpacked.

    `modality` empty means: as a volume's sidecar says, else MR; XC for a photograph, OT for any
    other picture.
    `photograph` None means: a JPEG that names its camera (EXIF Make or Model) is a photograph.
    `no_faces` says of photographs that nobody can be recognized in them. `voxels` is the second
    file (.img) of a source that is the header of a NIfTI pair, `sidecar` the JSON file (BIDS) that
    describes a volume.
    `overview` asks for the picture of a whole slide too, label included; `companions` are the
    files of a slide that lies in several, by their names beside the source. The limits on slides
    are others, since of a slide a few tiles are unpacked at a time.
    `volumes` says what volumes are: "images", "labels", or "" for: as each shows, by its intent
    code, or where `is_named_label_map`, by whole numbers. `labels` is the table of their names.
    `parametric_maps` keeps the floats of a volume as they are, `assume_orientation` takes one that
    says nothing of its place as lying right, anterior, superior, and `straighten` resamples one
    whose axes are not at right angles.
    """

    modality: str = ""
    photograph: bool | None = None
    no_faces: bool = False
    voxels: Path | None = field(default=None, repr=False)
    sidecar: Path | None = field(default=None, repr=False)
    overview: bool = False
    companions: tuple[tuple[str, Path], ...] = field(default=(), repr=False)
    labels: Path | None = field(default=None, repr=False)
    volumes: str = ""
    is_named_label_map: bool = False
    reference: Reference | None = None
    parametric_maps: bool = False
    assume_orientation: bool = False
    straighten: bool = False
    max_pixels: int = 500_000_000
    max_bytes: int = 8 * 2**30
    max_slide_pixels: int = 200_000_000_000
    max_slide_tiles: int = 4_000_000
    max_slide_bytes: int = 64 * 2**30


@dataclass(frozen=True, kw_only=True)
class Series:
    """Where the outputs of one source belong.

    `study_modules` are the patient and study modules of a study that the outputs join, encoded in
    Explicit VR Little Endian and UTF-8; they take the place of the given attributes.
    `instance_number_step` is how many sources share the series: so the numbers of several pictures
    of one source are nobody else's.
    `uid_seed` is a keyed digest of project, file and options: every UID that is not given here
    derives from it and an index. No clock is read: the time of a conversion says nothing of the
    image, and a date that a person can guess would betray a shift of dates made later.
    """

    study_instance_uid: str
    series_instance_uid: str
    uid_seed: bytes = field(repr=False)
    series_number: int
    first_instance_number: int = 1
    instance_number_step: int = 1
    study_modules: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Converted:
    """One DICOM file that was written."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Job:
    """All that a source reader needs to know beside the source itself."""

    attributes: Attributes
    series: Series
    options: Options
