"""The pages of merges: data stewards compare, merge and undo; everybody else learns nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.archive.models import Study, StudyState
from pacs_portal.audit.models import Event
from pacs_portal.jobs.models import Destination
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import switch_on
from pseudonymizer.merges.merging import merge
from pseudonymizer.models import MatchReason, PatientMerge
from pseudonymizer.registry.patients import resolve
from tests.pseudonymizer.merges.people import UTE, plan_only
from tests.pseudonymizer.stored import slice_bytes, start_upload

HANS = GivenIdentity(patient_id="A-471108", name="Zwirbelmayr^Hans", birth_date="19560228")
HANNES = GivenIdentity(patient_id="Q-33021", name="Knusperkeks^Ute", birth_date="19700101")
NAMES = ("Zwirbelmayr", "A-471108", "Knusperkeks", "Q-33021", "1956-02-28", "1970-01-01")


@pytest.fixture
def pair(project):
    return resolve(project, HANS, None), resolve(project, HANNES, None)


def signed_in(user) -> Client:
    """Sign in with the password, as a person does."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


def compare_url(pair) -> str:
    return reverse("patient_merge", args=["heart", pair[0].pk])


def compared(user, pair) -> Client:
    """Sign in and look at both."""
    client = signed_in(user)
    client.post(compare_url(pair), {"other": pair[1].pseudonym})
    return client


def answers(pair) -> dict[str, str]:
    return {
        "other": pair[1].pseudonym,
        "merge": "yes",
        "kept": str(pair[0].pk),
        "reason": "spelling",
    }


def test_a_steward_compares_two_patients_and_merges_them(pair, steward) -> None:
    client = signed_in(steward)
    entry = client.get(reverse("registry_patient", args=["heart", pair[0].pk])).content.decode()
    assert compare_url(pair) in entry

    asked = {"other": pair[1].pseudonym.lower()}
    page = client.get(compare_url(pair), asked).content.decode()
    assert pair[0].pseudonym in page
    assert pair[1].pseudonym in page
    assert not any(name in page for name in NAMES)
    assert 'name="merge"' not in page

    page = client.post(compare_url(pair), asked).content.decode()
    page = page.replace("<mark>", "").replace("</mark>", "")
    assert all(name in page for name in NAMES)
    assert Event.objects.filter(action="registry.pair_viewed", actor=steward).count() == 1

    response = client.post(compare_url(pair), answers(pair))
    made = PatientMerge.objects.get()
    assert response.url == reverse("registry_merge", args=["heart", made.pk])
    assert (made.kept, made.gone) == pair
    page = client.get(response.url).content.decode()
    assert pair[1].pseudonym in page
    assert not any(name in page for name in NAMES)
    assert (
        made.gone.pseudonym
        in client.get(reverse("registry_patient", args=["heart", made.gone.pk])).content.decode()
    )


def test_both_are_shown_with_how_many_studies_each_has(pair, project, steward) -> None:
    stored = {"state": StudyState.STORED, "patient_id": pair[1].pseudonym}
    Study.objects.create(project=project, study_instance_uid="2.25.1", **stored)
    page = signed_in(steward).get(compare_url(pair), {"other": pair[1].pseudonym}).text
    assert f'?q={pair[1].pseudonym}">1</a>' in page
    assert f"?q={pair[0].pseudonym}" not in page


def test_the_other_one_may_stay(pair, steward) -> None:
    chosen = {**answers(pair), "kept": str(pair[1].pk)}
    compared(steward, pair).post(compare_url(pair), chosen)
    made = PatientMerge.objects.get()
    assert (made.kept, made.gone) == pair[::-1]


def test_a_steward_undoes_a_merge(pair, steward) -> None:
    made = merge(kept=pair[0], gone=pair[1], by=steward, reason=MatchReason.SPELLING)
    client = signed_in(steward)
    address = reverse("registry_merge", args=["heart", made.pk])
    assert client.post(address, {"reason": "spelling"}).status_code == 200  # no reason for this
    assert client.post(address, {"reason": "relatives"}).url == address
    made.refresh_from_db()
    assert made.is_undone
    page = client.get(address).content.decode()
    assert "Undo the merge" not in page
    assert "Was gone" in page
    assert str(steward) in page


def test_what_cannot_be_merged_is_told_on_the_page(pair, steward) -> None:
    merge(kept=pair[0], gone=pair[1], by=steward, reason=MatchReason.SPELLING)
    page = compared(steward, pair).post(compare_url(pair), answers(pair)).content.decode()
    assert "merged with another one already" in page
    assert PatientMerge.objects.count() == 1


def test_nobody_merges_whom_she_has_not_compared(pair, project, steward, stranger) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.STEWARD)
    compared(stranger, pair)
    page = signed_in(steward).post(compare_url(pair), answers(pair)).content.decode()
    assert "Compare who they are first." in page
    assert not PatientMerge.objects.exists()


@pytest.mark.parametrize("other", ["", "HEART-00000000", "{self}", "{foreign}"])
def test_what_is_no_other_patient_leads_back(pair, other_project, steward, other) -> None:
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    foreign = resolve(other_project, HANS, None)
    asked = {"other": other.format(self=pair[0].pseudonym, foreign=foreign.pseudonym)}
    response = signed_in(steward).post(compare_url(pair), {**answers(pair), **asked})
    assert response.url == reverse("registry_patient", args=["heart", pair[0].pk])
    assert not PatientMerge.objects.exists()


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_for_everybody_else_there_are_no_such_pages(pair, steward, request, who) -> None:
    client = signed_in(request.getfixturevalue(who))
    made = merge(kept=pair[0], gone=pair[1], by=steward, reason=MatchReason.SPELLING)
    for address in (compare_url(pair), reverse("registry_merge", args=["heart", made.pk])):
        assert client.get(address, {"other": pair[1].pseudonym}).status_code == 404
        assert client.post(address, {**answers(pair), "reason": "relatives"}).status_code == 404
    made.refresh_from_db()
    assert not made.is_undone
    assert not Event.objects.filter(action="registry.pair_viewed").exists()


def test_an_old_session_types_its_password_again(pair, client_of, steward) -> None:
    response = client_of(steward).post(compare_url(pair), answers(pair))
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not PatientMerge.objects.exists()


def test_where_two_people_are_needed_nobody_compares_alone(
    pair, project, steward, stranger
) -> None:
    Membership.objects.create(project=project, user=stranger, role=Role.STEWARD)
    switch_on(project, by=steward)
    response = signed_in(steward).post(compare_url(pair), {"other": pair[1].pseudonym})
    assert response.status_code == 403
    assert not any(name in response.content.decode() for name in NAMES)


def test_the_page_lists_what_left_before(
    project, pair, member, steward, data_folders, orthanc
) -> None:
    job = start_upload(project, member, slice_bytes(1, **UTE))
    type(job).objects.filter(pk=job.pk).update(destination=Destination.DOWNLOAD)
    plan_only(job)
    ute = project.patients.exclude(pk__in=[one.pk for one in pair]).get()
    client = signed_in(steward)
    client.post(reverse("registry_export", args=["heart"]), {"reason": "safekeeping"})
    made = merge(kept=pair[0], gone=ute, by=steward, reason=MatchReason.SPELLING)
    page = client.get(reverse("registry_merge", args=["heart", made.pk])).content.decode()
    assert job.get_absolute_url() in page
    assert "Export of the mapping" in page

    other = merge(kept=pair[0], gone=pair[1], by=steward, reason=MatchReason.SPELLING)
    page = client.get(reverse("registry_merge", args=["heart", other.pk])).content.decode()
    assert job.get_absolute_url() not in page
