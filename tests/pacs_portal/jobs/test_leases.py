from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from pacs_portal.jobs import leases
from pacs_portal.jobs.errors import LeaseLostError
from pacs_portal.jobs.models import JobPart, JobState, PartState, Runner
from pacs_portal.jobs.owners import is_certainly_dead, this_process
from pacs_portal.jobs.receipts import end_part
from tests.processes import answers_of


@pytest.fixture
def part(start) -> JobPart:
    return start({"a/1": b"one"}).parts.get()


def expire(part: JobPart) -> None:
    past = timezone.now() - timedelta(seconds=1)
    JobPart.objects.filter(pk=part.pk).update(lease_expires_at=past)


def test_only_one_gets_a_part(part):
    first, second = leases.claim(part.pk, "one"), leases.claim(part.pk, "two")
    assert first is not None
    assert second is None


def test_a_claim_starts_the_job(part):
    leases.claim(part.pk, "one")
    part.job.refresh_from_db()
    assert part.job.state == JobState.RUNNING


def test_a_lease_that_ran_out_is_taken_over_and_its_old_owner_writes_nothing(part):
    old = leases.claim(part.pk, "one")
    expire(part)
    new = leases.claim(part.pk, "two")
    assert new.fence == old.fence + 1
    with pytest.raises(LeaseLostError):
        end_part(old)
    part.refresh_from_db()
    assert (part.state, part.lease_owner) == (PartState.RUNNING, "two")


def test_a_guarded_transaction_renews_the_lease(part):
    lease = leases.claim(part.pk, "one")
    expire(part)
    with leases.guarded(lease):
        pass
    assert leases.claim(part.pk, "two") is None


def test_a_released_part_can_be_taken_at_once_and_counts_no_attempt(part):
    leases.release(leases.claim(part.pk, "one"))
    assert leases.claim(part.pk, "two").attempts == 1


def test_what_waits_for_a_service_is_tried_later_each_time(part):
    for seconds in (5, 10):
        JobPart.objects.filter(pk=part.pk).update(not_before=None)
        leases.release_until_available(leases.claim(part.pk, "one"))
        part.refresh_from_db()
        assert part.not_before > timezone.now() + timedelta(seconds=seconds - 1)
    assert leases.claim(part.pk, "two") is None
    assert part.attempts == 0


def test_a_crash_counts_and_a_stop_does_not(part):
    leases.claim(part.pk, "one")
    leases.release_leases_of("one")
    assert leases.claim(part.pk, "two").attempts == 2
    leases.release_leases_of("two", was_stopped=True)
    assert leases.claim(part.pk, "three").attempts == 2


def test_the_portal_s_workers_leave_the_parts_of_commands_alone(part):
    part.job.runner = Runner.COMMAND
    part.job.save()
    assert not leases.claimable_parts().exists()
    assert leases.claimable_parts(part.job).exists()


def test_a_small_job_need_not_wait_for_a_large_one(start):
    large, small = start({"a/1": b"one"}), start({"a/1": b"one"})
    large.parts.update(number=7)
    first = leases.claimable_parts().first()
    assert first.job == small


def test_this_process_lives_and_a_number_without_process_is_dead():
    place, pid, start = this_process().split("-")
    assert not is_certainly_dead(this_process())
    assert is_certainly_dead(f"{place}-{pid}-{int(start) + 1}")
    assert not is_certainly_dead(f"elsewhere-{pid}-1")


@pytest.mark.django_db
def test_parts_to_claim_are_found_by_their_index_among_all_that_are_done():
    if connection.vendor == "postgresql":  # which reads a table of no rows from end to end
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "job_part_claimable" in leases.claimable_parts().explain()


def test_a_part_is_claimed_once_however_many_ask(tmp_path, database_environment):
    """Three processes of eight threads on one database."""
    script = Path(__file__).with_name("many_claimers.py")
    answers = answers_of(script, tmp_path, 3, database_environment)
    claimed = sorted(part for given in answers for part in given)
    assert len(claimed) == len(set(claimed)) == 12
