import re

import pytest
from django.db.models.signals import post_init
from django.urls import reverse

from pacs_portal.jobs.held import causes
from pacs_portal.jobs.held import views as held_views
from pacs_portal.jobs.held.decisions import DECIDED, Choice, decide, decide_all, open_holds
from pacs_portal.jobs.models import Decision, HeldFile
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.models import Membership, Role
from pacs_portal.projects.services import NewProject, create_project, record_in

pytestmark = pytest.mark.usefixtures("acceptable")
FILES = {
    "Mueller_Hans/1": b"one",
    "Mueller_Hans/2": b"hold 2",
    "Mueller_Hans/3": b"hold 3",
    "Mueller_Hans/4": b"hold 4",
}


@pytest.fixture
def job(finish):
    return finish(FILES)


@pytest.fixture
def holds(job) -> list[HeldFile]:
    return list(HeldFile.objects.order_by("receipt__upload_file__number"))


@pytest.fixture
def address(project) -> str:
    return reverse("held_decide", args=[project.key])


def answer(
    decision: str, *holds: HeldFile, reason: str = "I looked at it", unseen_too: str = "on"
) -> dict[str, object]:
    chosen = [str(held.pk) for held in holds]
    return {"decision": decision, "held": chosen, "reason": reason, "unseen_too": unseen_too}


def decisions() -> list[str]:
    rows = HeldFile.objects.order_by("receipt__upload_file__number")
    return list(rows.values_list("decision", flat=True))


def test_held_files_are_for_stewards(
    job, project, steward_client, owner_client, member_client, stranger_client
):
    page = reverse("project_held", args=[project.key])
    assert "Mueller_Hans/3" in steward_client.get(page).text
    for client in (owner_client, member_client, stranger_client):
        assert client.get(page).status_code == 404


def test_only_stewards_decide(holds, address, owner_client, member_client, stranger_client):
    for client in (owner_client, member_client, stranger_client):
        assert client.post(address, answer("accept", *holds)).status_code == 404
    assert decisions() == ["", "", ""]


def test_several_files_of_one_cause_are_decided_about_at_once(
    job, holds, address, steward_client, outcomes
):
    page = steward_client.post(address, answer("accept", *holds[:2]), follow=True)
    assert "2 files are decided about." in page.text
    assert decisions() == ["accept", "accept", ""]
    assert outcomes(job)[2] == outcomes(job)[3] == ("waiting", "")
    assert set(HeldFile.objects.values_list("decision_reason", flat=True)) == {
        "I looked at it",
        "",
    }


def test_nothing_is_accepted_unseen_unless_the_steward_says_so(
    job, holds, project, address, steward, steward_client
):
    record_in(project, steward, "held.viewed", holds[0], what="thumbnail")
    page = steward_client.get(reverse("project_held", args=[project.key])).text
    assert page.count("not looked at") == 2
    assert "Accept also what nobody has looked at" in page
    said = steward_client.post(address, answer("accept", *holds, unseen_too=""), follow=True).text
    assert "1 file is decided about." in said
    assert "Nothing was accepted that nobody has looked at." in said
    assert decisions() == ["accept", "", ""]
    steward_client.post(address, answer("reject", holds[1], unseen_too=""))
    steward_client.post(address, answer("accept", holds[2]))
    assert decisions() == ["accept", "reject", "accept"]


def test_what_was_entered_stays_until_everything_is_decided(
    holds, project, address, steward_client
):
    sent = {**answer("accept", holds[1], reason="a ruler"), "unseen_too": "", "of": holds[0].pk}
    page = steward_client.post(address, sent)
    (_group, form), *_others = page.context["groups"]
    assert form["reason"].value() == "a ruler"
    assert page.text.count('name="held"') == 3
    ticked = re.findall(r'value="([0-9a-f-]+)" id="held-[0-9a-f-]+" checked', page.text)
    assert ticked == [str(holds[1].pk)]
    nothing_chosen = {"decision": "accept", "reason": "a ruler", "of": holds[0].pk}
    assert 'value="a ruler"' in steward_client.post(address, nothing_chosen).text
    unexplained = steward_client.post(address, answer("reject", holds[0], reason="")).text
    _top, form_text = unexplained.split('id="cause-1"')
    assert "Say in a few words why you decide so." in form_text


def test_the_tab_tells_stewards_how_many_files_wait(
    holds, project, address, steward_client, member_client
):
    waits = 'Held files <span class="tab-count">3<'
    page = reverse("project", args=[project.key])
    assert waits in steward_client.get(page).text
    assert "tab-count" not in member_client.get(page).text
    steward_client.post(address, answer("reject", holds[0]))
    assert waits.replace("3", "2") in steward_client.get(page).text


def test_a_cause_that_is_decided_elsewhere_leads_there(holds, project, steward_client, monkeypatch):
    link = f'href="{reverse("project_members", args=[project.key])}">See who they are</a>'
    page = reverse("project_held", args=[project.key])
    assert link not in steward_client.get(page).text
    monkeypatch.setattr(causes, "_pages", {})
    causes.decided_on(causes.DecisionPage("See who they are", "project_members"), "name-found")
    assert link in steward_client.get(page).text


def test_files_on_other_pages_can_be_decided_about_with_those_shown(
    job, holds, address, project, steward_client, outcomes, monkeypatch
):
    monkeypatch.setattr(held_views, "HELD_PER_PAGE", 2)
    other = holds[2].receipt
    other.reason = "Another name was found."
    other.save()
    page = steward_client.get(reverse("project_held", args=[project.key])).text
    assert "files of this cause, on every page" not in page
    other.reason = holds[0].receipt.reason
    other.save()
    page = steward_client.get(reverse("project_held", args=[project.key])).text
    assert "All 3 files of this cause, on every page" in page
    sent = {
        "decision": "accept",
        "like": str(holds[0].pk),
        "reason": "I looked at them",
        "unseen_too": "on",
    }
    assert "3 files are decided about." in steward_client.post(address, sent, follow=True).text
    assert decisions() == ["accept"] * 3
    assert job.parts.filter(state="waiting").count() == 1
    assert {outcomes(job)[number] for number in (2, 3, 4)} == {("waiting", "")}


def test_what_somebody_decided_meanwhile_stops_no_other_file(
    holds, address, steward_client, steward
):
    seen = list(open_holds(holds[0].receipt.job.project))
    decide(held=holds[1], choice=Choice(Decision.REJECT, steward, "first"))
    assert decide_all(holds=seen, choice=Choice(Decision.ACCEPT, steward, "later")) == [DECIDED]
    assert decisions() == ["accept", "reject", "accept"]


def test_a_file_is_rejected_once(job, holds, address, steward_client, steward, outcomes):
    steward_client.post(address, answer("reject", holds[0]))
    rejected = HeldFile.objects.get(pk=holds[0].pk)
    assert (rejected.decision, rejected.decided_by) == ("reject", steward)
    assert outcomes(job)[2] == ("skipped", "rejected")
    assert not held_dir(rejected.pk).exists()
    again = steward_client.post(address, answer("accept", holds[0]), follow=True)
    assert "has been decided about already" in again.text
    assert decisions() == ["reject", "", ""]


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [("reason", "Say in a few words"), ("held", "Select at least one file.")],
)
def test_a_decision_names_files_and_a_reason(holds, address, steward_client, lacking, sentence):
    sent = {**answer("accept", *holds), lacking: []}
    assert sentence in steward_client.post(address, sent, follow=True).text
    assert decisions() == ["", "", ""]


def test_a_cause_is_shown_with_what_it_allows(holds, project, steward_client):
    page = reverse("project_held", args=[project.key])
    shown = steward_client.get(page).text
    assert 'value="accept"' in shown
    assert 'value="replace"' not in shown
    HeldFile.objects.update(cause="other-content")
    shown = steward_client.get(page).text
    assert "Keep what is stored" in shown
    assert 'value="replace"' in shown
    assert 'value="accept"' not in shown


@pytest.mark.parametrize(
    ("stage", "words"),
    [("keep", "Keep with the project"), ("pseudonymize", "Pseudonymize"), ("store", "Archive")],
)
def test_what_held_a_file_is_told_in_plain_words(holds, project, steward_client, stage, words):
    HeldFile.objects.update(stage=stage)
    page = steward_client.get(reverse("project_held", args=[project.key]))
    assert f'<td data-label="Held by">{words}</td>' in page.text


def test_files_of_another_project_are_not_decided_about(holds, owner, steward, client_of):
    other = create_project(NewProject("liver", "Liver"), actor=owner, owner=owner)
    Membership.objects.create(project=other, user=steward, role=Role.STEWARD)
    address = reverse("held_decide", args=[other.key])
    client_of(steward).post(address, answer("reject", *holds))
    assert decisions() == ["", "", ""]


def test_deciding_about_one_file_reads_no_other(holds, address, steward_client):
    read: list[HeldFile] = []

    def note(instance: HeldFile, **_: object) -> None:
        read.append(instance.pk)

    post_init.connect(note, sender=HeldFile)
    try:
        steward_client.post(address, answer("reject", holds[0]))
    finally:
        post_init.disconnect(note, sender=HeldFile)
    assert decisions() == ["reject", "", ""]
    assert set(read) == {holds[0].pk}


def test_what_names_no_held_file_is_refused(holds, address, steward_client):
    chosen = {**answer("reject"), "held": ["no id", str(holds[0].pk)]}
    assert DECIDED in steward_client.post(address, chosen).text
    assert decisions() == ["", "", ""]


def test_the_job_leads_stewards_to_what_waits_for_them(
    job, holds, project, steward_client, member_client, address
):
    page = reverse("project_held", args=[project.key])
    link = f'<a href="{page}">Decide'
    assert steward_client.get(job.get_absolute_url()).text.count(link) == 3
    assert link not in member_client.get(job.get_absolute_url()).text
    steward_client.post(address, answer("reject", *holds))
    assert link not in steward_client.get(job.get_absolute_url()).text
