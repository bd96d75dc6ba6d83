"""Which steps a file goes through, and why some files go through none."""

from collections.abc import Sequence

from pacs_portal.jobs.as_is import AsIsStep
from pacs_portal.jobs.companions import COMPANIONS
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.keeping import KeepStep
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.steps import Step, registered_steps, step_named, step_names
from pacs_portal.jobs.verdicts import NOT_READABLE, REFUSED_KINDS
from pacs_portal.projects.models import Project

AUTO = "auto"
STORE = "store"  # DICOM as it is: only the guard stands between
DELIVERIES = {
    Destination.ARCHIVE: "store",
    Destination.DOWNLOAD: "download",
    Destination.FOLDER: "folder",
}
NEVER_KEPT = frozenset({"zip", "system", *REFUSED_KINDS})
AS_IS = AsIsStep()
KEEP = KeepStep()


def tool_names() -> tuple[str, ...]:
    """Return what may be chosen as the tool of a job."""
    return (AUTO, *step_names(), STORE)


def find_step(name: str) -> Step:
    """Return a step by the name that a part keeps."""
    own: dict[str, Step] = {AS_IS.name: AS_IS, KEEP.name: KEEP}
    return own.get(name) or step_named(name)


def load_steps(job: Job) -> None:
    """Import what the files of a job may go through: children that are forked then share it."""
    for step in _first_steps(job.project, job.tool):
        work_steps(job.project, step)


def choose_first_step(job: Job, kind: str) -> Step | tuple[str, str]:
    """Return the step that plans files of `kind`, or (code, sentence) why none does."""
    return first_step(job.project, job.tool, kind, is_keeping=is_keeping(job))


def is_keeping(job: Job) -> bool:
    """Tell whether the person wants to keep with the project what no tool takes."""
    return bool(job.options.get(KEEP.name))


def first_step(
    project: Project, tool: str, kind: str, *, is_keeping: bool = False
) -> Step | tuple[str, str]:
    """Return the step with which `tool` begins on files of `kind`, or why none does."""
    if kind in REFUSED_KINDS:
        return REFUSED_KINDS[kind]
    steps = _first_steps(project, tool)
    refusals = [step.refusal(kind) for step in steps]
    for step, refusal in zip(steps, refusals, strict=True):
        if refusal is None:
            return step
    if is_keeping and is_companion(kind):
        return KEEP
    return refusals[0] or NOT_READABLE


def is_companion(kind: str) -> bool:
    """Tell whether files of `kind` are none that any tool works on, so that they may be kept."""
    return kind not in NEVER_KEPT and all(step.refusal(kind) for step in registered_steps())


def pipeline(job: Job, first: Step) -> tuple[str, ...]:
    """Return the names of all steps after `first`, itself included; the guard where it must be."""
    if first is KEEP:
        return KEEP.name, COMPANIONS
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
