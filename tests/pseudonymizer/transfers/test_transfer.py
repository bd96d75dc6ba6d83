"""From one project's archive into another: new pseudonym, UIDs and dates, unseen by everybody."""

import pytest
from django.core.exceptions import PermissionDenied

from pacs_portal.archive.models import Instance, Study
from pacs_portal.audit.models import Event
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Destination
from pacs_portal.jobs.services import create_job
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.engine import ProfileSpec, map_uid
from pseudonymizer.engine.spec import RuleAction, TagRule
from pseudonymizer.models import RegistryPatient
from pseudonymizer.profiles.versions import ProfileChange, save_profile
from pseudonymizer.registry.patients import date_shift_of, identity_of
from pseudonymizer.transfers.transfer import transfer
from tests.pseudonymizer.stored import (
    datasets_of,
    files_in,
    outcomes,
    slice_bytes,
    store_files,
    stored_uids,
)
from tests.pseudonymizer.transfers.bringing import HANS, bring, moved

pytestmark = pytest.mark.usefixtures("data_folders", "orthanc")

CONTENT_DATE, COMMENTS = 0x00080023, 0x00104000


def change_profile(project, by, *switches: str, rules: tuple[TagRule, ...] = ()) -> None:
    spec = ProfileSpec(frozenset(switches), rules)
    save_profile(project, ProfileChange(spec, based_on=0, reason="a test"), by=by)


def test_the_copy_has_pseudonym_uids_and_dates_of_the_other_project(
    project, target, member, steward, orthanc
):
    store_files(project, member, slice_bytes(1, **HANS), slice_bytes(2, **HANS))
    before = datasets_of(orthanc, project)
    job = bring(project, target, steward)
    assert outcomes(job) == [("stored", ""), ("stored", "")]

    here, there = project.patients.get(), target.patients.get()
    assert identity_of(there).name == "Zwirbelmayr^Hans"
    after = datasets_of(orthanc, target)
    assert len(after) == 2
    for one in after:
        assert one.PatientID == one.PatientName == one.ClinicalTrialSubjectID == there.pseudonym
        assert one.ClinicalTrialProtocolID == "heart-2"
        assert one.StudyDate == one.ContentDate == moved(date_shift_of(there))
    assert before[0].StudyDate == moved(date_shift_of(here))
    assert not {one.SOPInstanceUID for one in before} & {one.SOPInstanceUID for one in after}
    assert len({one.StudyInstanceUID for one in (*before, *after)}) == 2
    assert [one.PixelData for one in after] == [one.PixelData for one in before]
    assert Study.objects.get(project=target).patient_id == there.pseudonym


def test_nothing_of_the_first_project_and_of_the_patient_survives(
    project, target, member, steward, orthanc
):
    store_files(project, member, slice_bytes(1, **HANS))
    bring(project, target, steward)
    [file] = files_in(orthanc, *stored_uids(target))
    here = project.patients.get()
    for trace in (here.pseudonym, "Zwirbelmayr", "471108", "19560228"):
        assert trace.encode() not in file
    [copy] = datasets_of(orthanc, target)
    assert [e.tag for e in copy.iterall() if str(e.value) == "heart"] == []


def test_a_pseudonym_of_the_first_project_elsewhere_holds_the_copy(
    project, target, member, steward, orthanc
):
    """The last look knows what the first project calls the patient."""
    store_files(project, member, slice_bytes(1, **HANS))
    text = project.patients.get().pseudonym
    change_profile(project, steward, rules=(TagRule(COMMENTS, RuleAction.REPLACE, text),))
    change_profile(target, steward, rules=(TagRule(COMMENTS, RuleAction.KEEP),))
    store_files(project, member, slice_bytes(2, **HANS, PatientComments="x"))
    job = bring(project, target, steward)
    assert sorted(outcomes(job)) == [("held", "identifier-left"), ("stored", "")]


def test_the_same_patient_uploaded_to_the_other_project_is_recognized(
    project, target, member, steward, orthanc
):
    store_files(project, member, slice_bytes(1, **HANS))
    store_files(target, steward, slice_bytes(7, **HANS | {"StudyInstanceUID": "1.2.7"}))
    bring(project, target, steward)
    assert target.patients.count() == 1
    assert Study.objects.filter(project=target).values("patient_id").distinct().count() == 1


def test_dates_kept_by_the_first_profile_are_moved_by_the_second_alone(
    project, target, member, steward, orthanc
):
    rule = TagRule(CONTENT_DATE, RuleAction.KEEP)
    change_profile(project, steward, "modified_dates", rules=(rule,))
    store_files(project, member, slice_bytes(1, **HANS))
    [before] = datasets_of(orthanc, project)
    assert before.ContentDate == moved(0)
    bring(project, target, steward)
    [after] = datasets_of(orthanc, target)
    assert after.ContentDate == after.StudyDate == moved(date_shift_of(target.patients.get()))


def test_full_dates_are_moved_by_the_second_alone(project, target, member, steward, orthanc):
    change_profile(project, steward, "full_dates")
    store_files(project, member, slice_bytes(1, **HANS))
    bring(project, target, steward)
    [after] = datasets_of(orthanc, target)
    assert after.StudyDate == moved(date_shift_of(target.patients.get()))
    codes = [item.CodeValue for item in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107", "113105"]


def test_dates_that_the_first_profile_removed_stay_away_and_their_code_too(
    project, target, member, steward, orthanc
):
    change_profile(project, steward)
    store_files(project, member, slice_bytes(1, **HANS))
    bring(project, target, steward)
    [after] = datasets_of(orthanc, target)
    assert after.StudyDate == ""
    codes = [item.CodeValue for item in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113105"]


def test_a_constant_of_the_first_profile_is_never_moved(project, target, member, steward, orthanc):
    """Moved by the second shift it would tell it."""
    rule = TagRule(CONTENT_DATE, RuleAction.REPLACE, "20010101")
    change_profile(project, steward, "modified_dates", rules=(rule,))
    store_files(project, member, slice_bytes(1, **HANS))
    bring(project, target, steward)
    [after] = datasets_of(orthanc, target)
    assert after.ContentDate in ("", "19000101")


def test_a_project_that_keeps_dates_refuses_moved_ones(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    change_profile(target, steward, "full_dates")
    job = bring(project, target, steward)
    assert outcomes(job) == [("failed", "dates-moved")]
    assert stored_uids(target) == []


def test_what_nobody_knows_the_profile_of_is_refused(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    Instance.objects.update(provenance="pseudonymizer/1 profile/0123456789ab")
    job = bring(project, target, steward)
    assert outcomes(job) == [("failed", "unknown-profile")]


def test_identified_studies_are_taken_for_what_they_say(project, target, member, steward, orthanc):
    project.accepts_identified = True
    project.save()
    store_files(project, member, slice_bytes(1, **HANS), tool="store")
    assert not project.patients.exists()
    bring(project, target, steward)
    there = target.patients.get()
    assert identity_of(there).patient_id == "A-471108"
    [after] = datasets_of(orthanc, target)
    assert after.StudyDate == moved(date_shift_of(there))
    assert after.StudyInstanceUID == map_uid("1.2.3.4", project_keys(target.pk).uid_key)


def test_twice_is_the_same_as_once(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    bring(project, target, steward)
    job = bring(project, target, steward)
    assert outcomes(job) == [("duplicate", "already-stored")]
    assert RegistryPatient.objects.count() == 2


def test_both_projects_keep_a_record_without_a_name(project, target, member, steward, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    job = bring(project, target, steward)
    sent = Event.objects.get(action="study.transferred")
    assert (sent.project_id, sent.actor) == (project.pk, steward)
    assert sent.details == {"into": str(target.pk), "job": str(job.pk)}
    received = Event.objects.get(action="studies.received")
    assert (received.project_id, received.actor) == (target.pk, steward)
    assert received.details == {"studies": 1, "source": str(project.pk)}


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_it_takes_a_steward_of_both(project, target, member, steward, request, who, orthanc):
    store_files(project, member, slice_bytes(1, **HANS))
    studies = list(Study.objects.filter(project=project))
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        transfer(studies=studies, into=target, by=person)
    for side in (project, target):
        Membership.objects.filter(user=person, role=Role.STEWARD).delete()
        Membership.objects.create(project=side, user=person, role=Role.STEWARD)
        with pytest.raises(PermissionDenied):
            transfer(studies=studies, into=target, by=person)


def test_nobody_starts_another_job_over_fetched_images(project, target, member, steward, orthanc):
    """A contributor of the target could choose a tool that lets more through."""
    store_files(project, member, slice_bytes(1, **HANS))
    job = transfer(studies=list(Study.objects.all()), into=target, by=steward)
    with pytest.raises(JobError, match="archive's"):
        create_job(upload=job.upload, tool="store", destination=Destination.DOWNLOAD, by=steward)
