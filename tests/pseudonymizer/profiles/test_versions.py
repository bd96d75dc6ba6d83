"""Versions of a profile: who may save which, none ever changes, and a job keeps its own."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import ProtectedError

from pacs_portal.audit.models import Event
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.projects.models import Membership, Role
from pacs_portal.uploads.models import Upload
from pseudonymizer.engine import ProfileSpec, default_profile
from pseudonymizer.engine.spec import DEFAULT_SPEC, RuleAction, TagRule
from pseudonymizer.errors import ProfileChangedError, ProfileError
from pseudonymizer.models import ProfileVersion
from pseudonymizer.profiles.versions import (
    DEFAULT,
    ProfileChange,
    fix_profile,
    newest_profile,
    profile_named,
    profile_of,
    save_profile,
)

pytestmark = pytest.mark.django_db
TIGHTER = ProfileSpec(frozenset({"modified_dates"}))
TIGHTEST = ProfileSpec(frozenset())
LOOSER = ProfileSpec(DEFAULT_SPEC.switches | {"device"})


@pytest.fixture
def job(project, member) -> Job:
    upload = Upload.objects.create(project=project, created_by=member)
    return Job.objects.create(
        project=project, upload=upload, tool="pseudonymize", destination=Destination.DOWNLOAD
    )


def test_a_new_project_has_the_default(project) -> None:
    assert newest_profile(project.pk) == DEFAULT
    assert DEFAULT.profile is default_profile()


def test_an_owner_tightens_without_a_reason(project, owner) -> None:
    version = save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    assert (version.number, version.is_loosening) == (1, False)
    assert newest_profile(project.pk).spec == TIGHTER
    event = Event.objects.get(action="profile.changed")
    assert (event.actor_id, event.project_id, event.details) == (
        owner.pk,
        project.pk,
        {"number": 1},
    )


def test_an_owner_who_is_no_steward_cannot_loosen(project, owner) -> None:
    with pytest.raises(ProfileError, match="Only a data steward"):
        save_profile(project, ProfileChange(LOOSER, 0, "because"), by=owner)
    assert not ProfileVersion.objects.exists()
    assert not Event.objects.filter(action__startswith="profile.").exists()


def test_going_back_to_the_default_may_be_loosening_too(project, owner) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    with pytest.raises(ProfileError, match="Only a data steward"):
        save_profile(project, ProfileChange(DEFAULT_SPEC, 1), by=owner)


def test_a_steward_loosens_with_a_reason_that_stays_out_of_the_audit(project, steward) -> None:
    with pytest.raises(ProfileError, match="Say why"):
        save_profile(project, ProfileChange(LOOSER, 0, "  "), by=steward)
    version = save_profile(project, ProfileChange(LOOSER, 0, "phantom study"), by=steward)
    assert (version.is_loosening, version.reason) == (True, "phantom study")
    event = Event.objects.get(action="profile.loosened")
    assert event.details == {"number": 1}


def test_in_a_one_person_project_the_audit_is_marked(project, owner, steward) -> None:
    Membership.objects.filter(user=steward).delete()
    Membership.objects.create(user=owner, project=project, role=Role.STEWARD)
    save_profile(project, ProfileChange(LOOSER, 0, "phantoms"), by=owner)
    assert Event.objects.get(action="profile.loosened").is_marked


@pytest.mark.parametrize("who", ["member", "viewer", "stranger", "site_admin"])
def test_nobody_else_saves(project, request, who: str) -> None:
    with pytest.raises(ProfileError, match="Only owners and data stewards"):
        save_profile(project, ProfileChange(TIGHTER, 0), by=request.getfixturevalue(who))


def test_the_second_of_two_who_edit_at_once_is_told(project, owner, steward) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    with pytest.raises(ProfileChangedError):
        save_profile(project, ProfileChange(TIGHTEST, 0), by=steward)
    assert newest_profile(project.pk).spec == TIGHTER


def test_what_changes_nothing_is_no_version(project, owner) -> None:
    with pytest.raises(ProfileError, match="Nothing changed"):
        save_profile(project, ProfileChange(DEFAULT_SPEC, 0), by=owner)


def test_a_version_never_changes_and_never_goes(project, owner) -> None:
    version = save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        ProfileVersion.objects.update(reason="another")
    with pytest.raises(ProtectedError):
        version.delete()


def test_the_database_asks_for_the_reason_of_a_loosening(project, owner) -> None:
    with pytest.raises(IntegrityError, match="profile_loosening_has_reason"):
        ProfileVersion.objects.create(
            project=project, number=1, spec={}, is_loosening=True, created_by=owner
        )


def test_a_job_keeps_the_version_it_began_with(project, owner, job) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    fix_profile(job)
    chosen = newest_profile(project.pk).profile
    save_profile(project, ProfileChange(TIGHTEST, 1), by=owner)
    fix_profile(job)
    job.refresh_from_db()
    assert job.options == {"profile": chosen.version, "profile_number": 1}
    assert profile_of(job) is chosen


def test_a_job_of_before_profiles_had_versions_has_the_default(project, owner, job) -> None:
    job.options = {"profile": "813604b006fb"}
    assert profile_of(job) is default_profile()


def test_a_profile_is_named_by_default_or_by_its_number(project, other_project, owner) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    assert profile_named(project.pk, "default") == DEFAULT
    assert profile_named(project.pk, "1").spec == TIGHTER
    for name in ("2", "-1", "x", "", "1e1", "٣", "9" * 40):
        with pytest.raises(ProfileError, match="no such profile"):
            profile_named(project.pk, name)
    with pytest.raises(ProfileError):
        profile_named(other_project.pk, "1")


def test_rules_survive_the_database(project, steward) -> None:
    rules = (TagRule(0x0008103E, RuleAction.REPLACE, "CT"), TagRule(0x00100030, RuleAction.KEEP))
    spec = ProfileSpec(rules=rules)
    save_profile(project, ProfileChange(spec, 0, "ages in days"), by=steward)
    assert newest_profile(project.pk).spec == spec
