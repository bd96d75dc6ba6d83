from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied

from pacs_portal.audit.models import Event
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.held import causes
from pacs_portal.jobs.held.decisions import Choice, decide
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Decision, HeldFile, JobState, ReceiptOutput
from pacs_portal.jobs.services import cancel_job
from pacs_portal.jobs.steps import FileRuling, FoundText, Region
from pacs_portal.jobs.storage import held_dir
from pacs_portal.jobs.tasks import run_part
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.models import FileState
from tests.pacs_portal.jobs import toys

pytestmark = pytest.mark.usefixtures("acceptable")
FILES = {"a/1": b"one", "a/2": b"hold", "b/1": b"fail"}


@pytest.fixture
def job(finish):
    return finish(FILES)


@pytest.fixture
def held(job) -> HeldFile:
    return HeldFile.objects.get(receipt__job=job)


def test_an_accepted_file_goes_through_its_steps_again(job, held, choose, outcomes):
    choose(held, Decision.ACCEPT)
    job.refresh_from_db()
    assert (job.state, outcomes(job)[2]) == ("waiting", ("waiting", ""))
    run_job_here(job)
    assert job.state == JobState.DONE
    assert outcomes(job) == {1: ("written", ""), 2: ("written", ""), 3: ("failed", "broken")}
    tries = list(held.receipt.history.values_list("number", "outcome"))
    assert tries == [(1, "held"), (2, "written")]
    assert ReceiptOutput.objects.filter(receipt=held.receipt).count() == 1
    assert not held_dir(held.pk).exists()


def test_the_file_that_was_put_aside_is_used_when_the_upload_has_lost_it(
    job, held, choose, outcomes, data_folders
):
    upload_file = held.receipt.upload_file
    upload_file.state = FileState.GONE
    upload_file.save()
    (data_folders / "uploads" / str(job.upload_id) / str(upload_file.number)).unlink()
    choose(held, Decision.ACCEPT)
    run_job_here(job)
    assert outcomes(job)[2] == ("written", "")


def test_a_decision_is_recorded_without_its_reason(held, choose, steward):
    choose(held, Decision.ACCEPT)
    held.refresh_from_db()
    assert (held.decided_by, held.decision_reason) == (steward, "I looked at it")
    event = Event.objects.get(action="held.accepted")
    assert event.actor_id == steward.pk
    assert "looked" not in str(event.details)


def test_a_rejected_file_is_let_go_at_once(job, held, choose, outcomes):
    choose(held, Decision.REJECT)
    assert outcomes(job)[2] == ("skipped", "rejected")
    assert not held_dir(held.pk).exists()
    held.refresh_from_db()
    assert not held.has_original


@pytest.mark.parametrize("second", [Decision.ACCEPT, Decision.REJECT])
def test_of_two_stewards_at_once_the_first_decides(job, held, choose, outcomes, second, steward):
    seen_by_the_second = HeldFile.objects.select_related("receipt__job__project").get(pk=held.pk)
    choose(held, Decision.ACCEPT)
    with pytest.raises(JobError):
        decide(held=seen_by_the_second, choice=Choice(second, steward, "me too"))
    assert outcomes(job)[2] == ("waiting", "")
    assert job.parts.filter(state="waiting").count() == 1


@pytest.mark.parametrize("person", ["owner", "member", "viewer", "stranger"])
def test_only_stewards_decide(held, request, person):
    by = request.getfixturevalue(person)
    with pytest.raises(PermissionDenied):
        decide(held=held, choice=Choice(Decision.ACCEPT, by, "please"))
    assert not HeldFile.objects.exclude(decision="").exists()


@pytest.mark.parametrize("decision", [Decision.REPLACE, Decision.FALSE_ALARM, Decision.REDACT])
def test_only_what_the_cause_allows_may_be_decided(held, choose, decision):
    with pytest.raises(JobError):
        choose(held, decision)


def test_a_file_held_for_another_cause_is_not_to_be_accepted(held, choose):
    HeldFile.objects.update(cause="identifier-left")
    with pytest.raises(JobError):
        choose(held, Decision.ACCEPT)


@pytest.fixture
def honored(monkeypatch) -> list[FileRuling]:
    """What the toy is told about every file that it runs."""
    told: list[FileRuling] = []
    run = toys.ToyStep.run

    def listen(step, context, files):
        told.extend(context.ruling_for(file) for file in files)
        return run(step, context, files)

    monkeypatch.setattr(toys.ToyStep, "run", listen)
    return told


def hold_with(monkeypatch, **more):
    monkeypatch.setitem(toys.VERDICTS, b"hold", replace(toys.VERDICTS[b"hold"], **more))


def test_found_boxes_are_blacked_out_in_the_next_run(monkeypatch, finish, honored, steward):
    causes.allow_decision(Decision.REDACT, "name-found")
    found = Region(frame=None, left=3, top=4, width=50, height=12)
    hold_with(monkeypatch, regions=(found,))
    job = finish(FILES)
    held = HeldFile.objects.get(receipt__job=job)
    decide(held=held, choice=Choice(Decision.REDACT, steward, "a name"))
    honored.clear()
    run_job_here(job)
    assert honored == [FileRuling(accepted=frozenset({"name-found"}), redactions=(found,))]


def test_boxes_that_a_steward_drew_take_the_place_of_the_found_ones(
    monkeypatch, finish, honored, steward
):
    causes.allow_decision(Decision.REDACT, "name-found")
    hold_with(monkeypatch, regions=(Region(0, 1, 1, 9, 9),))
    job = finish(FILES)
    drawn = Region(frame=None, left=10, top=20, width=30, height=40)
    held = HeldFile.objects.get(receipt__job=job)
    choice = Choice(Decision.REDACT, steward, "a name", redactions=(drawn,))
    decide(held=held, choice=choice)
    honored.clear()
    run_job_here(job)
    assert honored == [FileRuling(accepted=frozenset({"name-found"}), redactions=(drawn,))]


def test_nothing_is_redacted_without_a_box(held, steward):
    causes.allow_decision(Decision.REDACT, "name-found")
    with pytest.raises(JobError, match="No box"):
        decide(held=held, choice=Choice(Decision.REDACT, steward, "a name"))
    held.refresh_from_db()
    assert held.decision == ""


def test_false_alarms_are_told_to_the_next_run_by_their_text(monkeypatch, finish, honored, steward):
    causes.allow_decision(Decision.FALSE_ALARM, "name-found")
    texts = ("stein", "zwirbel\nmayr", "hand")
    hold_with(monkeypatch, findings=tuple(FoundText("(0008,103E)", text) for text in texts))
    job = finish(FILES)
    held = HeldFile.objects.get(receipt__job=job)
    lines = frozenset({0, 1, 99})
    choice = Choice(Decision.FALSE_ALARM, steward, "a stone", false_alarms=lines)
    decide(held=held, choice=choice)
    honored.clear()
    run_job_here(job)
    assert honored == [FileRuling(false_alarms=frozenset({"stein", "zwirbel mayr"}))]
    assert HeldFile.objects.get(decision="").cause == "name-found"  # "hand" holds it again


def test_a_false_alarm_names_one_of_the_findings(monkeypatch, finish, steward):
    causes.allow_decision(Decision.FALSE_ALARM, "name-found")
    hold_with(monkeypatch, findings=(FoundText("(0008,103E)", "stein"),))
    held = HeldFile.objects.get(receipt__job=finish(FILES))
    for lines in (frozenset(), frozenset({1}), frozenset({-1})):
        choice = Choice(Decision.FALSE_ALARM, steward, "?", false_alarms=lines)
        with pytest.raises(JobError, match="at least one value"):
            decide(held=held, choice=choice)


def test_a_value_to_be_taken_out_is_told_to_the_next_run(monkeypatch, finish, honored, steward):
    causes.allow_decision(Decision.REDACT, "name-found")
    texts = ("stein", "zwirbelmayr")
    hold_with(monkeypatch, findings=tuple(FoundText("(0008,103E)", text) for text in texts))
    job = finish(FILES)
    held = HeldFile.objects.get(receipt__job=job)
    one, other = frozenset({0}), frozenset({1})
    choice = Choice(Decision.REDACT, steward, "a name", false_alarms=one, removals=other)
    decide(held=held, choice=choice)
    honored.clear()
    run_job_here(job)
    expected = FileRuling(false_alarms=frozenset({"stein"}), removals=frozenset({"zwirbelmayr"}))
    assert honored == [expected]


def test_a_file_that_is_gone_can_only_be_rejected(held, choose):
    HeldFile.objects.update(has_original=False)
    with pytest.raises(JobError):
        choose(held, Decision.ACCEPT)
    choose(held, Decision.REJECT)


def test_a_running_job_takes_the_accepted_file_with_it(start, choose, outcomes):
    """The steward decides while another part of the job still waits."""
    job = start(FILES)
    for part_number in (0, 1):
        run_part(job.parts.get(number=part_number).pk)
    held = HeldFile.objects.get(receipt__job=job)
    choose(held, Decision.ACCEPT)
    run_job_here(job)
    assert outcomes(job)[2] == ("written", "")


def test_nothing_is_accepted_while_the_job_is_being_cancelled(job, held, choose, member):
    job.state = JobState.RUNNING
    job.save()
    cancel_job(job=job, by=member)
    job.state = JobState.RUNNING
    job.save()
    with pytest.raises(JobError):
        choose(held, Decision.ACCEPT)
    held.refresh_from_db()
    assert held.decision == ""


def test_what_failed_after_the_decision_stays_aside_for_a_retry(held, choose):
    choose(held, Decision.ACCEPT)
    held.receipt.outcome = "failed"
    held.receipt.save()
    keep_house()
    assert held_dir(held.pk).exists()
    held.receipt.outcome = "written"
    held.receipt.save()
    keep_house()
    assert not held_dir(held.pk).exists()
