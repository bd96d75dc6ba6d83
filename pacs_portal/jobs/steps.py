"""The contract between jobs and the steps that tools bring.

A pipeline is an ordered list of steps; files go in, files come out. The first step plans which
files belong together, every step may fix patients and UIDs before any part runs, and each step
answers per file: it went on, or a verdict says what became of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, runtime_checkable

from django.utils.translation import gettext_noop

from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.tools import Text

PlanValues = Mapping[str, str | int]
PrivateValues = Mapping[str, object]  # JSON; may identify a patient


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """What a DICOM file that a step wrote is."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sha256: str
    size_bytes: int
    patient_id: str | None = None  # where the step knows it; else it is read from the file


@dataclass(frozen=True, repr=False, slots=True)
class StepFile:
    """A file on its way: an input staged to a local path, or what the step before wrote."""

    path: Path
    receipt_ids: tuple[int, ...]  # the inputs it came from
    kind: str  # sniffed by content: "dicom", "jpeg", "nifti", …
    relative_path: PurePosixPath  # as the person named it: patient data
    instance: InstanceFacts | None = None
    provenance: str = ""  # engine and profile version that made it fit to leave
    is_moved: bool = False  # the stored instance itself, now another patient's
    is_unlooked: bool = False  # its Burned In Annotation YES says only that nobody has looked


@dataclass(frozen=True)
class Region:
    """A box of pixels in the image that a step looked at."""

    frame: int | None  # from 0; None for every frame
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, repr=False)
class FoundText:
    """A text that names somebody, and where: patient data, kept sealed."""

    place: str  # tags and item numbers; quotes no value
    text: str
    value: str = ""  # what the text stands in, for a steward to judge it


@dataclass(frozen=True)
class FileRuling:
    """What stewards decided about one file so far, for a step to honor."""

    accepted: frozenset[str] = frozenset()  # causes for which it is not held again
    # Found texts: which name nobody, and which are taken out wherever they stand.
    false_alarms: frozenset[str] = field(default=frozenset(), repr=False)
    removals: frozenset[str] = field(default=frozenset(), repr=False)
    redactions: tuple[Region, ...] = ()  # to be blacked out

    def __or__(self, other: "FileRuling") -> "FileRuling":
        """Return both together."""
        return FileRuling(
            accepted=self.accepted | other.accepted,
            false_alarms=self.false_alarms | other.false_alarms,
            removals=self.removals | other.removals,
            redactions=tuple(dict.fromkeys(self.redactions + other.redactions)),
        )

    def __and__(self, other: "FileRuling") -> "FileRuling":
        """Return what both let pass; what one of them takes out or blacks out goes."""
        return FileRuling(
            accepted=self.accepted & other.accepted,
            false_alarms=self.false_alarms & other.false_alarms,
            removals=self.removals | other.removals,
            redactions=tuple(dict.fromkeys(self.redactions + other.redactions)),
        )


@dataclass(frozen=True)
class Verdict:
    """Why a file does not go on; `sentence` says what is wrong and what to do, quoting no value."""

    receipt_id: int
    outcome: Outcome
    code: str
    sentence: str
    stage: str = ""
    findings: tuple[FoundText, ...] = field(default=(), repr=False)  # in the header
    regions: tuple[Region, ...] = ()  # in the pixels


@dataclass(frozen=True, repr=False)
class GivenIdentity:
    """The patient a person named for files that carry none themselves."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    study_instance_uid: str = ""


@dataclass(frozen=True, repr=False)
class PlannedUnit:
    """Files that are processed together; `values` is stored in the clear and identifies nobody."""

    files: tuple[StepFile, ...]
    values: PlanValues = field(default_factory=dict)
    identity: GivenIdentity | None = None
    private: PrivateValues = field(default_factory=dict)  # stored sealed


@dataclass(frozen=True)
class Plan:
    """What a step makes of a job's files: units to run, and verdicts on the rest."""

    units: tuple[PlannedUnit, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def plan_alone(files: Sequence[StepFile], *, per_unit: int = 50) -> Plan:
    """Return the plan of files that have nothing to do with each other: units of equal length."""
    starts = range(0, len(files), per_unit)
    return Plan(units=tuple(PlannedUnit(tuple(files[at : at + per_unit])) for at in starts))


@dataclass(frozen=True, repr=False)
class UnitContext:
    """What a step knows while it runs one unit."""

    job: Job
    values: PlanValues
    options: Mapping[str, Any]  # the job's options, the sealed ones opened
    work_dir: Path  # empty, private, removed afterwards
    rulings: Mapping[int, FileRuling] = field(default_factory=dict)  # by receipt
    private: PrivateValues = field(default_factory=dict)  # the unit's, opened

    def ruling_for(self, file: StepFile) -> FileRuling:
        """Return what stewards decided about `file`: of all its inputs, where it has several."""
        rulings = [self.rulings.get(number, FileRuling()) for number in file.receipt_ids]
        return reduce(FileRuling.__and__, rulings)


@dataclass(frozen=True)
class StepResult:
    """What came out of a step for one unit."""

    files: tuple[StepFile, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


class Step(Protocol):
    """One kind of work; it keeps no state between calls."""

    name: str
    is_guard: bool  # its output carries pseudonyms and may enter a project that takes no identities

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step, or None."""

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Group the files that this step, the first of the pipeline, accepts."""

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Fix what must not depend on chance later (patients, UIDs), in short transactions."""

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Do the work; a file that fails gets a verdict, the others go on."""


@runtime_checkable
class PreparesTogether(Protocol):
    """A step to which many units cost less than each by itself."""

    def prepare_all(self, job: Job, units: Sequence[PlannedUnit]) -> Sequence[PlannedUnit]:
        """Do what `prepare` does for all `units`, in their order."""
        ...


class StepUnavailableError(Exception):
    """A service the step needs is away; the part waits and is tried again.

    `code` and `sentence` are what a command tells, which waits for a while only.
    """

    code = "archive-away"
    sentence = gettext_noop(
        "The archive did not answer. Start it and run the command again: it does what is left."
    )


class DiskFullError(StepUnavailableError):
    """A disk that the step writes to is full."""

    code = "disk-full"
    sentence = gettext_noop(
        "The disk is full. Make room and run the command again: it does what is left."
    )


_steps: dict[str, Callable[[], Step]] = {}
_inner_steps: dict[str, tuple[Callable[[], Step], Text]] = {}


def register_step(name: str, make: Callable[[], Step]) -> None:
    """Make a step known, made when it is asked for; tools call this in AppConfig.ready()."""
    _steps[name] = cache(make)


def register_inner_step(name: str, make: Callable[[], Step], label: Text) -> None:
    """Make a step known that no person chooses: only jobs over the archive begin with it."""
    _inner_steps[name] = (cache(make), label)


def inner_label(name: str) -> Text:
    """Return how people call an inner step; "" if there is none of this name."""
    return _inner_steps[name][1] if name in _inner_steps else ""


def is_inner_step(name: str) -> bool:
    """Tell whether people cannot choose the step `name`."""
    return name in _inner_steps


def step_named(name: str) -> Step:
    """Return a registered step."""
    return _inner_steps[name][0]() if name in _inner_steps else _steps[name]()


def step_names() -> tuple[str, ...]:
    """Return the names of the steps that people choose from, in the order of registration."""
    return tuple(_steps)


def registered_steps() -> tuple[Step, ...]:
    """Return the steps that people choose from, in the order they were registered."""
    return tuple(make() for make in _steps.values())
