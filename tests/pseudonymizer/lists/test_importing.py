"""Lists and the registry: what is new, known, in conflict; and what an import leaves behind."""

import csv
import io
import logging

import pytest

from pacs_portal.archive.services import Standing
from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.disclosure.gate import Reason, export_mapping
from pseudonymizer.errors import ListChangedError, ListError
from pseudonymizer.lists.checking import Report, RowState
from pseudonymizer.lists.importing import check_list, import_list
from pseudonymizer.lists.rows import Problem
from pseudonymizer.matches.decisions import open_matches
from pseudonymizer.models import PatientIndex, PatientState, RegistryPatient
from pseudonymizer.registry.patients import date_shift_of, find, identity_of, resolve, standing_of
from tests.stored import everything_stored

pytestmark = pytest.mark.django_db

HEADER = "patient_id,issuer,name,birth_date,sex,pseudonym,date_shift_days"
HANS = GivenIdentity(
    patient_id="A-4711", issuer="CLINIC", name="Zwirbelmayr^Hans", birth_date="19560228", sex="M"
)
HANS_ROW = "A-4711,CLINIC,Zwirbelmayr^Hans,28.02.1956,m,P-0007,-400"
UTE_ROW = "B-12,CLINIC,Quastenflosser^Ute,19610105,F,P-0008,"


def csv_of(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


def check(project, *rows: str) -> Report:
    return check_list(project, csv_of(*rows), by="cli:test").report


def imported(project, *rows: str, only_good: bool = False) -> Report:
    report = check(project, *rows)
    return import_list(
        project,
        csv_of(*rows),
        by="cli:test",
        checked=report.fingerprint,
        only_good=only_good,
    )


def states(report: Report) -> list[tuple[int, str, str | None]]:
    return [(one.line, one.state, one.problem) for one in report.verdicts]


def test_a_check_writes_nothing(project) -> None:
    assert states(check(project, HANS_ROW)) == [(2, RowState.READY, None)]
    assert not RegistryPatient.objects.exists()


def test_imported_patients_are_recognized_under_the_pseudonyms_of_the_list(project) -> None:
    imported(project, HANS_ROW, UTE_ROW)
    patient = resolve(project, HANS, None)
    assert patient.pseudonym == "P-0007"
    assert identity_of(patient) == HANS
    assert date_shift_of(patient) == -400
    assert standing_of(project, "P-0008") is Standing.CURRENT
    ute = RegistryPatient.objects.get(pseudonym="P-0008")
    assert -3650 <= date_shift_of(ute) <= -365
    assert RegistryPatient.objects.count() == 2


def test_one_list_serves_two_projects(project, other_project) -> None:
    imported(project, HANS_ROW)
    assert len(imported(other_project, HANS_ROW).ready) == 1


def test_a_second_import_changes_nothing(project) -> None:
    imported(project, HANS_ROW, UTE_ROW)
    before = list(RegistryPatient.objects.values_list("pk", "sealed_date_shift"))
    again = imported(project, HANS_ROW.replace("-400", "-401"), UTE_ROW)
    assert {one.state for one in again.verdicts} == {RowState.KNOWN}
    assert list(RegistryPatient.objects.values_list("pk", "sealed_date_shift")) == before


@pytest.mark.parametrize(
    "identity",
    [
        HANS,
        GivenIdentity(patient_id="@SUM(1)", name='=HYPERLINK("http://x")', sex="+O"),
        GivenIdentity(patient_id="'=1", name="''+Li^Wei", birth_date="19560228"),
        GivenIdentity(patient_id="0000", name="Zwirbelmayr^Hans", study_instance_uid="1.2"),
        GivenIdentity(name="Baby of Ute", study_instance_uid="1.2.3"),
        GivenIdentity(patient_id="A-1", birth_date="19560231"),
        GivenIdentity(patient_id="A;1,2\t3", name='Li "Lee"^Wei\nX'),
    ],
)
def test_the_registrys_own_export_comes_back_without_change(project, identity) -> None:
    resolve(project, identity, None)
    alias = resolve(project, GivenIdentity(patient_id="C-1", name="Other^One"), None)
    kept = resolve(project, GivenIdentity(patient_id="C-2", name="Another^One"), None)
    RegistryPatient.objects.filter(pk=alias.pk).update(merged_into=kept)
    text = "".join(export_mapping(project, by="cli:test", reason=Reason.SAFEKEEPING))
    report = check_list(project, f"\ufeff{text}".encode(), by="cli:test").report
    assert [one.state for one in report.verdicts] == [RowState.KNOWN] * 3


def test_cells_come_back_from_an_export_as_they_were(project) -> None:
    evil = GivenIdentity(patient_id="'@SUM(1)", name="=Zwirbelmayr^Hans", birth_date="19560228")
    resolve(project, evil, None)
    text = "".join(export_mapping(project, by="cli:test", reason=Reason.SAFEKEEPING))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["patient_id"] == "''@SUM(1)"
    assert row["patient_name"] == "'=Zwirbelmayr^Hans"


C, R = RowState.CONFLICT, RowState.READY


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            ["A,,Li^Wei,,,P1,", "B,,Stein^Ute,,,P1,", "C,,May^Al,,,P2,"],
            [(2, C, Problem.TWO_PATIENTS), (3, C, Problem.TWO_PATIENTS), (4, R, None)],
            id="one pseudonym for two people",
        ),
        pytest.param(
            ["A,,Li^Wei,,,P1,", "A,,LI^WEI,,,P2,"],
            [(2, C, Problem.TWO_PSEUDONYMS), (3, C, Problem.TWO_PSEUDONYMS)],
            id="two pseudonyms for one person",
        ),
        pytest.param(
            ["A,,Li^Wei,,,P1,", "A,,,19560228,,P2,"],
            [(2, C, Problem.TWO_PSEUDONYMS), (3, C, Problem.TWO_PSEUDONYMS)],
            id="what is missing tells nobody apart",
        ),
        pytest.param(
            ["A,,Li^Wei,19560228,,P1,", "A,,Li^Wei,19860228,,P2,", "A,X,Li^Wei,19560228,,P3,"],
            [(2, R, None), (3, R, None), (4, R, None)],
            id="father, son, another issuer",
        ),
        pytest.param(
            ["A,,Li^Wei,,,P1,", "A,,Li^Wei,,,P1,"],
            [(2, R, None), (3, RowState.REPEATED, None)],
            id="the same row twice",
        ),
        pytest.param(
            ["A,,Li^Wei,,,P1,-400", "A,,Li^Wei,,,P1,-401"],
            [(2, C, Problem.TWO_SHIFTS), (3, C, Problem.TWO_SHIFTS)],
            id="two shifts for one person",
        ),
        pytest.param(
            ["A7,,Li^Wei,,,B7,", "B7,,Stein^Ute,,,P2,"],
            [(2, C, Problem.OTHERS_ID), (3, R, None)],
            id="a pseudonym that is another patient's ID",
        ),
        pytest.param(
            ["00/77,,Li^Wei,,,P1,", "B,,Stein^Ute,,,7-7,"],
            [(2, R, None), (3, C, Problem.OTHERS_ID)],
            id="a pseudonym that is another patient's ID but for signs",
        ),
        pytest.param(
            ["A,,Li^Wei,,,P1,", "B,,Stein^Ute,,,p1,", "C,,May^Al,,,P2,"],
            [(2, C, Problem.ALIKE), (3, C, Problem.ALIKE), (4, R, None)],
            id="pseudonyms that differ in case alone",
        ),
        pytest.param(
            ["A,,Li^Wei,someday,,P1,", "B,,Stein^Ute,,,P1,"],
            [(2, C, Problem.BAD_DATE), (3, C, Problem.TWO_PATIENTS)],
            id="a bad row still claims its pseudonym",
        ),
    ],
)
def test_rows_that_contradict_each_other(project, rows, expected) -> None:
    assert states(check(project, *rows)) == expected


def test_a_conflict_names_the_other_line_and_nothing_else(project) -> None:
    report = check(project, "A,,Zwirbelmayr^Hans,,,P1,", "B,,Stein^Ute,,,P1,")
    assert [one.other_line for one in report.conflicts] == [3, 2]
    sentences = " ".join(one.sentence for one in report.conflicts)
    assert "in line 3" in sentences
    assert not any(value in sentences for value in ("Zwirbelmayr", "Stein", "P1"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("B-12,,Quastenflosser^Ute,,,P-0007,", Problem.TAKEN),
        ("B-12,,Quastenflosser^Ute,,,p-0007,", Problem.ALIKE_KNOWN),
        ("A-4711,CLINIC,Zwirbelmayr^Hans,19560228,M,P-0009,", Problem.HAS_ANOTHER),
        ("A-4711,CLINIC,Zwirbelmayr^Heinz,19560228,M,P-0007,", Problem.TAKEN),
    ],
)
def test_rows_that_contradict_the_registry(project, row, problem) -> None:
    imported(project, HANS_ROW)
    assert states(check(project, row)) == [(2, RowState.CONFLICT, problem)]


def test_too_many_rows_of_one_id_are_nobodys_id(project) -> None:
    rows = [f"A,,Person^{chr(65 + n)},,,P{n}," for n in range(21)]
    assert {one.problem for one in check(project, *rows).verdicts} == {Problem.SHARED_ID}


def test_with_conflicts_nothing_is_imported_unless_asked_for(project) -> None:
    rows = (HANS_ROW, UTE_ROW.replace("19610105", "19610231"))
    with pytest.raises(ListError):
        imported(project, *rows)
    assert not RegistryPatient.objects.exists()
    imported(project, *rows, only_good=True)
    assert [one.pseudonym for one in RegistryPatient.objects.all()] == ["P-0007"]


def test_an_import_waits_for_a_new_look_where_a_job_was_faster(project) -> None:
    report = check(project, HANS_ROW)
    resolve(project, HANS, None)
    with pytest.raises(ListChangedError):
        import_list(project, csv_of(HANS_ROW), by="cli:test", checked=report.fingerprint)
    assert RegistryPatient.objects.count() == 1


def test_who_comes_in_between_check_and_writing_is_refused_whole(project, monkeypatch) -> None:
    """The database is the last to say no: two imports at once."""
    report = check(project, UTE_ROW, HANS_ROW)
    monkeypatch.setattr("pseudonymizer.lists.importing.check_rows", lambda *_: report)
    resolve(project, HANS, None)
    with pytest.raises(ListChangedError):
        import_list(project, csv_of(UTE_ROW, HANS_ROW), by="cli:test", checked=report.fingerprint)
    assert RegistryPatient.objects.count() == PatientIndex.objects.count() == 1
    assert not Event.objects.filter(action="registry.imported").exists()


def test_a_pseudonym_that_came_in_between_in_another_case_is_refused(project, monkeypatch) -> None:
    rows = csv_of(UTE_ROW)
    report = check(project, UTE_ROW)
    imported(project, "C-1,,Li^Wei,,,p-0008,")
    monkeypatch.setattr("pseudonymizer.lists.importing.check_rows", lambda *_: report)
    with pytest.raises(ListChangedError):
        import_list(project, rows, by="cli:test", checked=report.fingerprint)
    assert [one.pseudonym for one in RegistryPatient.objects.all()] == ["p-0008"]


def test_a_patient_with_an_id_alone_is_imported_and_recognizes_nobody_by_itself(project) -> None:
    imported(project, "A-4711,,,,,P-0007,")
    assert find(project, GivenIdentity(patient_id="A-4711")) is None
    assert identity_of(RegistryPatient.objects.get()).patient_id == "A-4711"


def test_the_audit_counts_and_neither_audit_nor_log_nor_database_names_anybody(
    project, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    imported(project, HANS_ROW, UTE_ROW.replace("F,", "?,"), only_good=True)
    events = {one.action: one.details for one in Event.objects.filter(action__startswith="regi")}
    counts = {"ready": 1, "known": 0, "repeated": 0, "conflict": 1}
    assert events == {"registry.list_checked": {"rows": 2}, "registry.imported": counts}
    told = everything_stored() + caplog.text.lower()
    for planted in ("Zwirbelmayr", "A-4711", "19560228", "28.02.1956", "Quastenflosser"):
        assert planted.lower() not in told


def test_who_is_known_in_another_spelling_has_another_pseudonym(project) -> None:
    resolve(project, HANS, None)
    row = "A-4711,CLINIC,ZWIRBELMEYR^Hans,19560228,M,P-0009,"
    assert states(check(project, row)) == [(2, RowState.CONFLICT, Problem.HAS_ANOTHER)]


def test_another_spelling_under_the_same_pseudonym_is_known(project) -> None:
    imported(project, HANS_ROW)
    row = "A-4711,CLINIC,ZWIRBELMEYR^Hans,19560228,M,P-0007,"
    assert states(check(project, row)) == [(2, RowState.KNOWN, None)]


def test_who_may_be_known_is_imported_and_waits_for_a_decision(project) -> None:
    hans = resolve(project, HANS, None)
    row = "A-4711,CLINIC,Zwirbelmayr^Heinz,19560228,M,P-0009,"
    report = imported(project, row, UTE_ROW)
    assert [len(one.may_be) for one in report.ready] == [1, 0]
    match = open_matches(project).get()
    assert (match.patient.pseudonym, match.candidate) == ("P-0009", hans)
    assert match.patient.state == PatientState.PROVISIONAL
    assert RegistryPatient.objects.get(pseudonym="P-0008").state == PatientState.CONFIRMED
    assert {one.state for one in check(project, row, UTE_ROW).verdicts} == {RowState.KNOWN}


def test_people_whom_a_list_tells_apart_are_not_compared_with_each_other(project) -> None:
    """The list is somebody's word that they are two."""
    imported(project, HANS_ROW, "A-4711,CLINIC,Zwirbelmayr^Heinz,19560228,M,P-0009,")
    assert not open_matches(project).exists()
