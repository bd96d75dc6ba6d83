"""Images that are on their way to the archive while their patients are merged."""

from collections.abc import Sequence

import pytest

from pacs_portal.accounts.models import User
from pacs_portal.archive import orthanc as client
from pacs_portal.archive.models import Instance, Study
from pacs_portal.jobs import delivery
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.worker import run_job_here
from pseudonymizer.merges.merging import undo_merge
from pseudonymizer.merges.moving import jobs_of
from pseudonymizer.models import MatchReason, PatientMerge, RegistryPatient
from tests.pseudonymizer.merges.people import (
    HANS,
    UTE,
    digests,
    joined,
    parted,
    plan_only,
    pseudonyms_in,
    work,
)
from tests.pseudonymizer.stored import (
    datasets_of,
    outcomes,
    slice_bytes,
    start_upload,
    store_files,
)

pytestmark = pytest.mark.usefixtures("data_folders", "orthanc")


def merged_while_under_way(
    late: Instance, people: Sequence[RegistryPatient], by: User
) -> tuple[PatientMerge, PatientMerge]:
    """Merge the first into the second and her into the third, while an image is claimed only."""
    gone, between, kept = people
    Instance.objects.filter(pk=late.pk).update(stored_at=None)
    merges = joined(between, gone, by), joined(kept, between, by)
    Instance.objects.filter(pk=late.pk).update(stored_at=late.stored_at)
    return merges


def test_a_job_planned_before_stores_under_who_stays(
    project, patients, steward, member, orthanc
) -> None:
    hans, ute = patients
    later = {**UTE, "StudyInstanceUID": "1.2.3.7", "SeriesInstanceUID": "1.2.3.7.1"}
    job = start_upload(project, member, slice_bytes(6, **UTE), slice_bytes(7, **later))
    plan_only(job)
    made = joined(hans, ute, steward, is_worked=False)
    run_job_here(job)
    assert outcomes(job) == [("stored", ""), ("stored", "")]
    work(made)
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym}
    assert len(datasets_of(orthanc, project)) == 5


@pytest.mark.parametrize(
    ("module", "name"), [(delivery, "store"), (client, "post_instance")], ids=["made", "claimed"]
)
def test_an_image_on_its_way_never_stays_under_who_is_gone(
    project, patients, steward, member, orthanc, monkeypatch, module, name
) -> None:
    """The patients are merged while an image lies between the step and the archive."""
    hans, ute = patients
    original, made = getattr(module, name), []

    def interrupted(*args, **kwargs):
        if not made:
            made.append(None)
            made[0] = joined(hans, ute, steward, is_worked=False)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, interrupted)
    later = {**UTE, "StudyInstanceUID": "1.2.3.8", "SeriesInstanceUID": "1.2.3.8.1"}
    job = start_upload(project, member, slice_bytes(8, **UTE), slice_bytes(9, **later))
    while job.state not in ("done", "failed"):
        job.parts.update(not_before=None)
        run_job_here(job)
    assert outcomes(job) == [("stored", ""), ("stored", "")]
    work(made[0])
    keep_house()
    work(made[0])
    assert pseudonyms_in(orthanc, project) == {hans.pseudonym}
    assert set(Study.objects.values_list("patient_id", flat=True)) == {hans.pseudonym}
    assert len(datasets_of(orthanc, project)) == 5
    keep_house()
    assert not jobs_of(made[0]).exclude(state="done").exists()


@pytest.mark.parametrize(
    ("module", "name"), [(delivery, "store"), (client, "post_instance")], ids=["made", "claimed"]
)
def test_an_image_on_its_way_during_an_undo_ends_with_its_own_patient(
    project, patients, steward, member, orthanc, monkeypatch, module, name
) -> None:
    """The merge is undone while an image lies between the step and the archive."""
    hans, ute = patients
    merged = joined(hans, ute, steward)
    original, is_undone = getattr(module, name), []

    def interrupted(*args, **kwargs):
        if not is_undone:
            is_undone.append(True)
            undo_merge(made=merged, by=steward, reason=MatchReason.RELATIVES)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, interrupted)
    later = {**UTE, "StudyInstanceUID": "1.2.3.8", "SeriesInstanceUID": "1.2.3.8.1"}
    job = start_upload(project, member, slice_bytes(8, **later), slice_bytes(9, **HANS))
    while job.state not in ("done", "failed"):
        job.parts.update(not_before=None)
        run_job_here(job)
    assert outcomes(job) == [("stored", ""), ("stored", "")]
    work(merged)
    keep_house()
    work(merged)
    found = sorted(str(dataset.PatientID) for dataset in datasets_of(orthanc, project))
    assert found == sorted([hans.pseudonym] * 2 + [ute.pseudonym] * 3)
    studies = Study.objects.values_list("patient_id", flat=True)
    assert sorted(studies) == sorted([hans.pseudonym] + [ute.pseudonym] * 2)
    keep_house()
    assert not jobs_of(merged).exclude(state="done").exists()


def test_an_image_that_came_before_two_merges_goes_all_the_way(
    project, patients, third, steward, orthanc
) -> None:
    """Its job begins when the patient it was to go to was merged herself."""
    hans, ute = patients
    before = digests(orthanc, project)
    late = Instance.objects.get(patient_id=hans.pseudonym)
    first, second = merged_while_under_way(late, [hans, ute, third], steward)
    keep_house()
    work(first)
    assert pseudonyms_in(orthanc, project) == {third.pseudonym}
    assert set(Study.objects.values_list("patient_id", flat=True)) == {third.pseudonym}
    parted(second, steward)
    assert pseudonyms_in(orthanc, project) == {third.pseudonym, ute.pseudonym}
    parted(first, steward)
    assert digests(orthanc, project) == before


def test_an_image_that_came_before_two_merges_and_an_undo_goes_where_it_belongs(
    project, patients, third, steward, orthanc
) -> None:
    """The second merge is undone before anybody has seen that an image came late for the first."""
    hans, ute = patients
    before = digests(orthanc, project)
    late = Instance.objects.get(patient_id=hans.pseudonym)
    first, second = merged_while_under_way(late, [hans, ute, third], steward)
    parted(second, steward)
    keep_house()
    work(first)
    assert not jobs_of(first).exclude(state="done").exists()
    assert pseudonyms_in(orthanc, project) == {third.pseudonym, ute.pseudonym}
    assert set(Study.objects.values_list("patient_id", flat=True)) == {
        third.pseudonym,
        ute.pseudonym,
    }
    parted(first, steward)
    assert digests(orthanc, project) == before


def test_a_late_image_of_her_own_does_not_mix_a_study(
    project, patients, third, steward, member, orthanc
) -> None:
    hans, ute = patients
    store_files(project, member, slice_bytes(11, **HANS))
    late = Instance.objects.filter(patient_id=hans.pseudonym).latest("pk")
    first, second = merged_while_under_way(late, [hans, ute, third], steward)
    parted(second, steward)
    keep_house()
    work(first)
    assert pseudonyms_in(orthanc, project) == {third.pseudonym, ute.pseudonym}
