"""Two patients become one, and two again: in the registry at once, then in a real archive."""

import pytest
from django.core.exceptions import PermissionDenied

from pacs_portal.archive.models import Instance, Study
from pacs_portal.audit.models import Event
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Destination
from pacs_portal.jobs.services import cancel_job, create_job, retry_job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.jobs.worker import run_job_here
from pseudonymizer.errors import RegistryError
from pseudonymizer.matches.decisions import Judgment, decide_match, open_matches
from pseudonymizer.merges.merging import merge, undo_merge
from pseudonymizer.merges.moving import jobs_of
from pseudonymizer.models import MatchReason, MovedInstance, PatientState, RegistryPatient
from pseudonymizer.registry.patients import date_shift_of, resolve
from tests.pseudonymizer.merges.people import (
    HANS,
    UTE,
    digests,
    indexed_digests,
    joined,
    parted,
    pseudonyms_in,
    work,
)
from tests.pseudonymizer.stored import (
    datasets_of,
    outcomes,
    slice_bytes,
    start_upload,
    store_files,
    stored_uids,
)
from tests.pseudonymizer.transfers.bringing import moved

pytestmark = pytest.mark.usefixtures("data_folders", "orthanc")


def test_the_images_of_who_is_gone_get_pseudonym_and_dates_of_who_stays(
    project, patients, steward, orthanc
) -> None:
    hans, ute = patients
    uids, pixels = stored_uids(project), [d.PixelData for d in datasets_of(orthanc, project)]
    made = joined(hans, ute, steward)
    [job] = jobs_of(made)
    assert outcomes(job) == [("stored", ""), ("stored", "")]

    assert stored_uids(project) == uids
    after = datasets_of(orthanc, project)
    assert len(after) == 3  # Orthanc holds nothing of the former patient
    for dataset in after:
        assert dataset.PatientID == dataset.PatientName == hans.pseudonym
        assert dataset.ClinicalTrialSubjectID == hans.pseudonym
        assert dataset.StudyDate == dataset.ContentDate == moved(date_shift_of(hans))
    assert [dataset.PixelData for dataset in after] == pixels
    assert digests(orthanc, project) == indexed_digests(project)
    for study in Study.objects.filter(project=project):
        assert (study.patient_id, study.patient_name) == (hans.pseudonym, hans.pseudonym)
        assert study.study_date == moved(date_shift_of(hans))
    assert sum(Study.objects.values_list("instance_count", flat=True)) == 3


def test_a_merge_by_mistake_is_undone_to_the_byte(project, patients, steward, orthanc) -> None:
    before = digests(orthanc, project)
    index = list(Study.objects.order_by("pk").values("patient_id", "patient_name", "study_date"))
    made = joined(*patients, steward)
    assert digests(orthanc, project) != before
    parted(made, steward)
    assert digests(orthanc, project) == indexed_digests(project) == before
    assert index == list(
        Study.objects.order_by("pk").values("patient_id", "patient_name", "study_date")
    )
    assert RegistryPatient.objects.filter(merged_into__isnull=False).count() == 0

    old_and_new = MovedInstance.objects.filter(is_undo=False).order_by("sop_instance_uid")
    back = MovedInstance.objects.filter(is_undo=True).order_by("sop_instance_uid")
    assert list(back.values_list("sop_instance_uid", "new_sha256", "old_sha256")) == list(
        old_and_new.values_list("sop_instance_uid", "old_sha256", "new_sha256")
    )
    assert set(old_and_new.values_list("old_sha256", flat=True)) < set(before)


def test_the_original_uploaded_again_is_found_to_be_there(project, patients, steward, member):
    joined(*patients, steward)
    job = store_files(project, member, slice_bytes(2, **UTE))
    assert outcomes(job) == [("duplicate", "already-stored")]


def test_what_came_since_goes_back_with_who_was_gone(
    project, patients, steward, member, orthanc
) -> None:
    hans, ute = patients
    made = joined(hans, ute, steward)
    later = {**UTE, "StudyInstanceUID": "1.2.3.6", "SeriesInstanceUID": "1.2.3.6.1"}
    store_files(project, member, slice_bytes(4, **later), slice_bytes(5, **HANS))
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym}
    parted(made, steward)
    of_ute = [d for d in datasets_of(orthanc, project) if d.PatientID == ute.pseudonym]
    assert len(of_ute) == 3
    assert {d.StudyDate for d in of_ute} == {moved(date_shift_of(ute))}
    assert Study.objects.filter(patient_id=ute.pseudonym).count() == 2
    assert store_files(project, member, slice_bytes(4, **later)).receipts.get().outcome == (
        "duplicate"
    )


def test_merges_follow_each_other_and_are_undone_from_the_last(
    project, patients, third, steward, orthanc
) -> None:
    hans, ute = patients
    before = digests(orthanc, project)
    first = joined(ute, hans, steward)
    second = joined(third, ute, steward)
    assert pseudonyms_in(orthanc, project) == {third.pseudonym}
    with pytest.raises(RegistryError, match="further"):
        undo_merge(made=first, by=steward, reason=MatchReason.RELATIVES)
    parted(second, steward)
    assert pseudonyms_in(orthanc, project) == {third.pseudonym, ute.pseudonym}
    parted(first, steward)
    assert digests(orthanc, project) == before


def test_a_merge_can_be_made_undone_and_made_again(project, patients, steward, orthanc) -> None:
    hans, ute = patients
    before = digests(orthanc, project)
    parted(joined(hans, ute, steward), steward)
    again = joined(ute, hans, steward)
    assert pseudonyms_in(orthanc, project) == {ute.pseudonym}
    parted(again, steward)
    assert digests(orthanc, project) == before


def test_what_cannot_be_merged_is_told(project, other_project, patients, steward, orthanc) -> None:
    hans, ute = patients
    for kept, gone, reason, text in [
        (hans, hans, MatchReason.SPELLING, "same one"),
        (hans, ute, MatchReason.RELATIVES, "speaks for"),
    ]:
        with pytest.raises(RegistryError, match=text):
            merge(kept=kept, gone=gone, by=steward, reason=reason)
    RegistryPatient.objects.filter(pk=ute.pk).update(state=PatientState.PROVISIONAL)
    with pytest.raises(RegistryError, match="settled"):
        joined(hans, ute, steward)
    RegistryPatient.objects.filter(pk=ute.pk).update(state=PatientState.CONFIRMED)
    made = joined(hans, ute, steward, is_worked=False)
    with pytest.raises(RegistryError, match="already"):
        joined(hans, ute, steward)
    with pytest.raises(RegistryError, match="rewritten"):
        undo_merge(made=made, by=steward, reason=MatchReason.RELATIVES)


def test_an_image_of_unknown_making_refuses_the_merge(patients, steward, orthanc) -> None:
    Instance.objects.update(provenance="pseudonymizer/1 profile/0123456789ab")
    with pytest.raises(RegistryError, match="dates were treated"):
        joined(*patients, steward)
    assert not RegistryPatient.objects.exclude(merged_into=None).exists()


def test_a_study_that_got_images_of_both_is_not_torn_apart(
    project, patients, steward, member, orthanc
) -> None:
    hans, ute = patients
    made = joined(hans, ute, steward)
    job = store_files(project, member, slice_bytes(11, **{**UTE, **id_of(HANS)}))
    assert outcomes(job) == [("stored", "")]
    with pytest.raises(RegistryError, match="both patients"):
        undo_merge(made=made, by=steward, reason=MatchReason.RELATIVES)


def id_of(person: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in person.items() if name.startswith("Patient")}


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_it_takes_a_steward(patients, steward, request, who) -> None:
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        joined(*patients, person)
    made = joined(*patients, steward)
    with pytest.raises(PermissionDenied):
        parted(made, person)


def test_both_leave_a_record_without_a_name(patients, steward) -> None:
    hans, ute = patients
    made = joined(hans, ute, steward)
    parted(made, steward)
    event = Event.objects.get(action="registry.merged")
    assert (event.actor, event.target_id) == (steward, str(made.pk))
    assert event.details == {
        "kept": str(hans.pk),
        "gone": str(ute.pk),
        "reason": MatchReason.SPELLING,
    }
    assert Event.objects.get(action="registry.unmerged").details == {
        "reason": MatchReason.RELATIVES
    }


def test_a_wrong_answer_about_a_possible_match_is_undone(project, member, steward, orthanc) -> None:
    """The images came under the pseudonym of the other one from the beginning."""
    store_files(project, member, slice_bytes(1, **HANS))
    twin = {**UTE, **id_of(HANS), "PatientName": "Zwirbelmayr^Heinz"}
    job = store_files(project, member, slice_bytes(2, **twin))
    assert outcomes(job) == [("held", "possible-match")]
    match = open_matches(project).get()
    same = Judgment(is_same=True, reason=MatchReason.SPELLING)
    decide_match(match=match, judgment=same, by=steward)
    run_job_here(job)
    hans, heinz = match.candidate, match.patient
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym}

    parted(heinz.merges.get(), steward)
    [first, second] = datasets_of(orthanc, project)
    assert (first.PatientID, second.PatientID) == (hans.pseudonym, heinz.pseudonym)
    assert second.StudyDate == moved(date_shift_of(heinz))
    job = store_files(project, member, slice_bytes(2, **twin))
    assert outcomes(job) == [("duplicate", "already-stored")]


def test_a_cancelled_move_is_ended_by_housekeeping(project, patients, steward, orthanc) -> None:
    hans, ute = patients
    made = joined(hans, ute, steward, is_worked=False)
    first = jobs_of(made).get()
    cancel_job(job=first, by=steward)
    keep_house()
    work(made)
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym}
    assert jobs_of(made).count() == 2

    retry_job(job=first, by=steward)
    run_job_here(first)
    assert outcomes(first) == 2 * [("duplicate", "moved-already")]
    parted(made, steward)
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym, ute.pseudonym}


def test_the_job_of_a_merge_has_a_name_that_people_read(patients, steward, client_of) -> None:
    made = joined(*patients, steward, is_worked=False)
    page = client_of(steward).get(jobs_of(made).get().get_absolute_url()).content.decode()
    assert "Merge of patients" in page


def test_a_patient_without_images_is_merged_without_a_job(project, patients, steward) -> None:
    other = resolve(project, GivenIdentity(patient_id="Z-1712", name="Nemo^Nobody"), None)
    made = joined(patients[0], other, steward)
    assert not jobs_of(made).exists()
    keep_house()
    assert not jobs_of(made).exists()


def test_nobody_chooses_the_step_as_a_tool(project, member) -> None:
    job = start_upload(project, member, slice_bytes(1, **HANS))
    with pytest.raises(JobError, match="no such tool"):
        create_job(upload=job.upload, tool="merge", destination=Destination.ARCHIVE, by=member)
