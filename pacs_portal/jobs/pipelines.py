"""Which steps a file goes through, and why some files go through none."""

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from pacs_portal.jobs.as_is import AsIsStep
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.steps import Step, registered_steps, step_named
from pacs_portal.jobs.verdicts import UNREADABLE
from pacs_portal.projects.models import Project

AUTO = "auto"
STORE = "store"  # DICOM as it is: only the guard stands between
DELIVERIES = {
    Destination.ARCHIVE: "store",
    Destination.DOWNLOAD: "download",
    Destination.FOLDER: "folder",
}
EMPTY = ("empty", gettext_noop("The file is empty. Copy it again from its source."))
NOT_READABLE = ("unreadable", UNREADABLE)
REFUSED_KINDS = {"empty": EMPTY, "unreadable": NOT_READABLE}
AS_IS = AsIsStep()


def tool_names() -> tuple[str, ...]:
    """Return what may be chosen as the tool of a job."""
    return (AUTO, *(step.name for step in registered_steps()), STORE)


def find_step(name: str) -> Step:
    """Return a step by the name that a part keeps."""
    return AS_IS if name == AS_IS.name else step_named(name)


def choose_first_step(job: Job, kind: str) -> Step | tuple[str, str]:
    """Return the step that plans files of `kind`, or (code, sentence) why none does."""
    return first_step(job.project, job.tool, kind)


def first_step(project: Project, tool: str, kind: str) -> Step | tuple[str, str]:
    """Return the step with which `tool` begins on files of `kind`, or why none does."""
    if kind in REFUSED_KINDS:
        return REFUSED_KINDS[kind]
    steps = _first_steps(project, tool)
    refusals = [step.refusal(kind) for step in steps]
    for step, refusal in zip(steps, refusals, strict=True):
        if refusal is None:
            return step
    return refusals[0] or NOT_READABLE


def pipeline(job: Job, first: Step) -> tuple[str, ...]:
    """Return the names of all steps after `first`, itself included; the guard where it must be."""
    return (*work_steps(job.project, first), DELIVERIES[Destination(job.destination)])


def work_steps(project: Project, first: Step) -> tuple[str, ...]:
    """Return the names of the steps that work on files before they are delivered."""
    if first.is_guard or project.accepts_identified:
        return (first.name,)
    return first.name, _guard_step().name


def _first_steps(project: Project, tool: str) -> Sequence[Step]:
    if tool == AUTO:
        return registered_steps()
    if tool == STORE:
        return [AS_IS if project.accepts_identified else _guard_step()]
    return [step_named(tool)]


def _guard_step() -> Step:
    for step in registered_steps():
        if step.is_guard:
            return step
    raise JobError("No tool that removes identities is installed, so nothing may be stored.")
