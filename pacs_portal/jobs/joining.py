"""Images that join a study stored already: whose it is, and what its modules say (PS3.3 C.7).

The plan reads the modules of patient and study from one stored instance, as they stand in the
archive: under the project's pseudonym and with its dates moved already. The last step that writes
puts them into each new instance, so that nothing is moved or mapped a second time.
"""

import csv
import tempfile
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from django.db.models import Max, Q
from django.utils.translation import gettext_noop

from pacs_portal.archive.errors import ArchiveUnavailableError
from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.archive.services import InstanceGoneError, read_stored
from pacs_portal.jobs.models import Job, JobUnit
from pacs_portal.jobs.steps import PrivateValues, StepUnavailableError
from pacs_portal.projects.models import Project

JOINS, AFTER = "joins", "after"  # in a unit's plan: the study's UID, how many series it had
_PRIVATE = "joined"
_MADE_HERE = Q(provenance__startswith="pseudonymizer/") | Q(provenance__startswith="converter/")
_MADE_HERE |= Q(provenance="as received")
GONE = gettext_noop(
    "The study to append to is not in this project any more. Choose another one, or none."
)
CHANGED = gettext_noop("The study to append to changed while the job ran. Start a new job.")


class JoinError(Exception):
    """The study cannot be appended to; the text is a sentence for receipts."""


@dataclass(frozen=True)
class JoinedStudy:
    """A stored study as new instances carry it; `modules` is Explicit VR Little Endian, UTF-8."""

    study_instance_uid: str
    patient_id: str
    modules: bytes = field(repr=False)

    @property
    def private(self) -> dict[str, Any]:
        """The study as a unit keeps it sealed."""
        packed = b64encode(self.modules).decode("ascii")
        return {_PRIVATE: [self.study_instance_uid, self.patient_id, packed]}

    @classmethod
    def of_unit(cls, private: PrivateValues) -> Self | None:
        """Return the study that a unit's images join, None where they make one of their own."""
        kept = private.get(_PRIVATE)
        if not isinstance(kept, list):
            return None
        return cls(str(kept[0]), str(kept[1]), b64decode(kept[2]))


def joinable_study(project: Project, study_instance_uid: str) -> Study | None:
    """Return a stored study of the project, None for anybody else's."""
    stored = Study.objects.filter(project=project, state=StudyState.STORED)
    return stored.filter(study_instance_uid=study_instance_uid).first()


def join(job: Job, study_instance_uid: str) -> JoinedStudy:
    """Return what new instances of a study carry.

    Raises
    ------
    JoinError
        If the study is not the project's, or was deleted.
    StepUnavailableError
        If the archive is away.
    """
    study = joinable_study(job.project, study_instance_uid)
    if study is None:
        raise JoinError(GONE)
    stored = Instance.objects.filter(_MADE_HERE, series__study=study, stored_at__isnull=False)
    smallest = stored.filter(patient_id=study.patient_id).order_by("size_bytes", "pk").first()
    if smallest is None:
        raise JoinError(GONE)
    try:
        modules = _modules_of(job.project, smallest.sop_instance_uid)
    except InstanceGoneError:
        raise JoinError(GONE) from None
    except ArchiveUnavailableError:
        raise StepUnavailableError from None
    return JoinedStudy(study.study_instance_uid, study.patient_id, modules)


def series_before(job: Job, joined_uid: str, own_uid: str) -> int:
    """Return after which series number new ones follow.

    The same files again, which plan the same study of their own, follow where they did before:
    so they are found to be there already.
    """
    planned = JobUnit.objects.filter(part__job__project=job.project, plan__joins=joined_uid)
    before = planned.filter(plan__study=own_uid).first()
    if before is not None:
        return int(before.plan[AFTER])
    stored = Series.objects.filter(study__study_instance_uid=joined_uid)
    highest = stored.aggregate(highest=Max("series_number"))["highest"] or 0
    plans = planned.values_list("plan", flat=True)
    return max([highest, *(int(plan["series_number"]) + int(plan[AFTER]) for plan in plans)])


@cache
def module_tags() -> frozenset[int]:
    """Return the tags of patient, study and trial modules."""
    with Path(__file__).with_name("study_modules.csv").open(encoding="ascii", newline="") as file:
        return frozenset(int(row["tag"], 16) for row in csv.DictReader(file))


def _modules_of(project: Project, sop_instance_uid: str) -> bytes:
    from pydicom import dcmread
    from pydicom.dataset import Dataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    _size, pieces = read_stored(project, sop_instance_uid)
    with tempfile.TemporaryFile() as copy:  # in the part's own work folder
        for piece in pieces:
            copy.write(piece)
        copy.seek(0)
        header = dcmread(copy, stop_before_pixels=True)
        modules = Dataset()
        modules.SpecificCharacterSet = "ISO_IR 192"
        for tag in module_tags():
            if tag in header:
                modules.add(header[tag])
    output = DicomBytesIO()
    output.is_little_endian, output.is_implicit_VR = True, False
    write_dataset(output, modules)
    return output.getvalue()
