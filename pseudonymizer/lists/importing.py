"""Take an existing list of patients and pseudonyms into a project's registry."""

from dataclasses import dataclass
from hmac import compare_digest

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pacs_portal.audit.services import Actor
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.disclosure.gate import permit_list_check
from pseudonymizer.errors import ListChangedError, ListError, RegistryError
from pseudonymizer.lists.checking import Report, RowState, Verdict, check_rows
from pseudonymizer.lists.reading import PatientList, read_list
from pseudonymizer.registry.enrolling import Enrollment, enroll


@dataclass(frozen=True, repr=False)
class CheckedList:
    """A list, how it was read, and what would become of each row."""

    patients: PatientList
    report: Report


def check_list(project: Project, content: bytes, *, by: Actor) -> CheckedList:
    """Return what importing the list would do; that somebody asks is recorded before.

    Raises
    ------
    ListError
        If it cannot be read at all.
    PermissionDenied, TooManyError, ApprovalNeededError
        If `by` may not search the registry now: a list is many searches.
    """
    patients = read_list(content)
    permit_list_check(project, rows=len(patients.rows), by=by)
    return CheckedList(patients, check_rows(project, patients, timezone.localdate()))


def import_list(
    project: Project, content: bytes, *, by: Actor, checked: bytes, only_good: bool = False
) -> Report:
    """Write every row that is ready, all of them or none.

    `checked` is the fingerprint of the report that somebody has agreed to. The list is checked
    again, since jobs add patients meanwhile; who comes in between after that is refused by the
    database.

    Raises
    ------
    ListError
        If rows are in conflict and `only_good` was not asked for.
    ListChangedError
        If the check comes out otherwise now.
    """
    report = check_rows(project, read_list(content), timezone.localdate())
    if not compare_digest(report.fingerprint, checked):
        raise ListChangedError(_changed())
    if report.conflicts and not only_good:
        raise ListError(_("Some rows are in conflict. Mend them, or import the good rows only."))
    try:
        with transaction.atomic():
            enroll(
                project,
                [_enrollment(verdict) for verdict in report.ready],
            )
            _record_import(project, by, report)
    except (IntegrityError, RegistryError):
        raise ListChangedError(_changed()) from None
    return report


def _enrollment(verdict: Verdict) -> Enrollment:
    one = verdict.patient
    return Enrollment(one.identity, one.pseudonym, one.shift_days, verdict.may_be)


def _changed() -> str:
    return _("The registry changed since the list was checked. Nothing was imported: check again.")


def _record_import(project: Project, by: Actor, report: Report) -> None:
    """Record how many rows there were of each kind, and nothing else."""
    counts = report.counts
    record_in(
        project,
        by,
        "registry.imported",
        ready=counts[RowState.READY],
        known=counts[RowState.KNOWN],
        repeated=counts[RowState.REPEATED],
        conflict=counts[RowState.CONFLICT],
    )
