"""Convert the files of one planned unit; needs no database."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from django.conf import settings

from converter.engine import Attributes, ConversionError, Converted, Series, convert_file
from converter.engine.errors import gettext_noop
from converter.pairs import Source, paired
from converter.unit_plans import UnitPlan
from pacs_portal.jobs.children import End, Room, in_children
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import InstanceFacts, StepFile, StepResult, StepUnavailableError
from pacs_portal.jobs.verdicts import UNFORESEEN, unreadable, verdicts_on

NAME = "convert"
PROVENANCE = "converter/1"
# They have to say YES or NO of burned-in text, and the engine does not look.
_MULTI_FRAME_CAPTURES = "1.2.840.10008.5.1.4.1.1.7."
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
IMAGES_ARE_MISSING = gettext_noop(
    "The volume that this label map was drawn on was not converted, so neither was the label map. "
    "Mend the volume and start again, or convert the label map without it."
)
_ENDS = {
    End.TIME: ("too-slow", TOO_SLOW),
    End.MEMORY: ("bomb", TOO_HUNGRY),
    End.KILLED: ("stopped-worker", ENDED_ITS_READER),
    End.FAILURE: ("unforeseen", UNFORESEEN),
}


@dataclass(frozen=True)
class Task:
    """A source to convert, and what the plan fixed for it."""

    source: Source
    plan: UnitPlan


def tasks_of(files: Sequence[StepFile], plans: Sequence[UnitPlan]) -> list[Task]:
    """Return the sources of a unit, each with the plan of its series."""
    return [
        Task(source, next(one for one in plans if source.file.receipt_ids[0] in one.receipt_ids))
        for source in paired(files)
    ]


def convert_unit(
    files: Sequence[StepFile],
    plans: Sequence[UnitPlan],
    work_dir: Path,
    made_before: Collection[str] = (),
) -> StepResult:
    """Convert each source into `work_dir`, in a child; one that fails does not stop the others.

    Label maps come after the images that they name, and only if these came to be, now or as a
    series of `made_before`.
    """
    tasks = tasks_of(files, plans)
    results = _converted([task for task in tasks if not task.plan.drawn_on], work_dir)
    made = {task.plan.series_uid for task, result in results if result.files} | set(made_before)
    drawn = [task for task in tasks if task.plan.drawn_on]
    results += _converted([task for task in drawn if task.plan.drawn_on in made], work_dir)
    lost = [without_images(task) for task in drawn if task.plan.drawn_on not in made]
    ended = [*(result for _task, result in results), *lost]
    return StepResult(
        files=tuple(file for result in ended for file in result.files),
        verdicts=tuple(verdict for result in ended for verdict in result.verdicts),
    )


def without_images(task: Task) -> StepResult:
    """Return the verdict on a label map whose images did not come to be."""
    failed = (Outcome.FAILED, "incomplete", IMAGES_ARE_MISSING, NAME)
    return StepResult(verdicts=tuple(verdicts_on(task.source.whole, *failed)))


def _converted(tasks: Sequence[Task], work_dir: Path) -> list[tuple[Task, StepResult]]:
    results = dict(in_children(tasks, partial(_answer, work_dir), room_for(1)))
    return [(task, answered(results[number], task)) for number, task in enumerate(tasks)]


def _answer(work_dir: Path, task: Task) -> StepResult | StepUnavailableError:
    """Convert a source; that the disk is full is an answer, too, which a child can send."""
    try:
        return convert_source(task.source, task.plan, work_dir)
    except StepUnavailableError as error:
        return error


def answered(answer: StepResult | StepUnavailableError | End, task: Task) -> StepResult:
    """Return what a child made of a source, or the verdict on one that ended its child."""
    if isinstance(answer, StepUnavailableError):
        raise answer
    if isinstance(answer, End):
        code, sentence = _ENDS[answer]
        verdicts = verdicts_on(task.source.whole, Outcome.FAILED, code, sentence, NAME)
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


def room_for(processes: int) -> Room[Task]:
    """Return the bounds of children that convert; the time of a source grows with its size."""
    return Room(processes, _seconds)


def _seconds(task: Task) -> float:
    size_bytes = 0
    with suppress(OSError):  # a file that is gone is told of when it is read
        size_bytes = sum(file.path.stat().st_size for file in task.source.files)
    return settings.CONVERT_MAX_SECONDS * (1 + size_bytes // _BYTES_AT_A_TIME)


def _output(
    file: StepFile, converted: Converted, series: Series, attributes: Attributes
) -> StepFile:
    return replace(
        file,
        path=converted.path,
        kind="dicom",
        provenance=PROVENANCE,
        is_unlooked=converted.sop_class_uid.startswith(_MULTI_FRAME_CAPTURES),
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
