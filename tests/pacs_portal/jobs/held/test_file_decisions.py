"""What a steward decides on the page of a held file."""

import re

import pytest
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.held import decisions, file_views
from pacs_portal.jobs.models import Decision, HeldFile
from tests.pacs_portal.jobs.held.samples import address

pytestmark = pytest.mark.usefixtures("allowed")


def decided(held: HeldFile) -> HeldFile:
    return HeldFile.objects.get(pk=held.pk)


def test_a_page_without_a_picture_asks_before_it_accepts_the_file_unseen(named, fresh_client):
    page = fresh_client.get(address("held_file", named))
    assert 'name="unseen_too"' in page.text
    answers = {"decision": "accept", "reason": "known to me"}
    refused = fresh_client.post(address("held_file_decide", named), answers)
    assert "Nothing was accepted that nobody has looked at." in refused.text
    assert "known to me" in refused.text
    assert not decided(named).decision
    fresh_client.post(address("held_file_decide", named), {**answers, "unseen_too": "on"})
    assert decided(named).decision == Decision.ACCEPT


def test_enter_decides_nothing(pictured, project, fresh_client):
    """The first submit button of a form is what Enter presses: it is disabled."""
    pages = (address("held_file", pictured), reverse("project_held", args=[project.key]))
    for page in pages:
        text = fresh_client.get(page).text
        form = text[text.index("/decide/") :]
        first = re.search(r"<button[^>]*type=\"submit\"[^>]*>", form)
        assert "disabled" in first[0]


def boxes(*rows: tuple[object, object, object, object]) -> dict[str, list[str]]:
    sides = ("left", "top", "width", "height")
    return {side: [str(row[number]) for row in rows] for number, side in enumerate(sides)}


def test_boxes_are_blacked_out_as_they_were_sent(pictured, fresh_client, outcomes):
    page = fresh_client.get(address("held_file", pictured)).text
    assert re.search(r'name="left"[^>]*value="20"', page)
    sent = {"decision": "redact", "reason": "a name", **boxes((1, 2, 3, 4), (20, 10, 30, 15))}
    answer = fresh_client.post(address("held_file_decide", pictured), sent)
    assert answer.url == reverse("project_held", args=["heart"])
    held = decided(pictured)
    assert (held.decision, held.decision_reason) == ("redact", "a name")
    assert held.redactions == [[None, 1, 2, 3, 4], [None, 20, 10, 30, 15]]
    assert outcomes(held.receipt.job)[1] == ("waiting", "")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (boxes(), "No box is known"),
        (boxes((1, 2, 0, 4)), "A box needs whole numbers"),
        (boxes((1, 2, "x", 4)), "A box needs whole numbers"),
        (boxes((-1, 2, 3, 4)), "A box needs whole numbers"),
        ({**boxes((1, 2, 3, 4), (5, 6, 7, 8)), "height": ["4"]}, "A box needs whole numbers"),
        (boxes(*[(1, 2, 3, 4)] * 4001), "too many boxes"),
        ({**boxes((5, 6, 7, 8)), "reason": ""}, "Say in a few words"),
    ],
)
def test_what_was_entered_stays_when_it_is_refused(pictured, fresh_client, wrong, sentence):
    sent = {"decision": "redact", "reason": "a name", **wrong}
    page = fresh_client.post(address("held_file_decide", pictured), sent).text
    assert sentence in page
    if wrong.get("left"):
        assert re.search(rf'name="top"[^>]*value="{wrong["top"][0]}"', page)
    assert decided(pictured).decision == ""


def test_each_value_gets_what_was_said_of_it(named, fresh_client):
    sent = {
        "decision": "values",
        "reason": "a stone",
        "finding-0": "remove",
        "finding-1": "alarm",
    }
    fresh_client.post(address("held_file_decide", named), sent)
    held = decided(named)
    assert (held.decision, held.removals, held.false_alarms) == ("redact", [0], [1])


def test_a_false_alarm_is_called_one(named, fresh_client):
    sent = {"decision": "values", "reason": "a stone", "finding-1": "alarm"}
    fresh_client.post(address("held_file_decide", named), sent)
    held = decided(named)
    assert (held.decision, held.removals, held.false_alarms) == ("false-alarm", [], [1])
    assert Event.objects.filter(action="held.false_alarm").exists()


def test_nothing_is_decided_where_no_value_is(named, fresh_client):
    sent = {"decision": "values", "reason": "a stone", "finding-0": "", "finding-7": "alarm"}
    page = fresh_client.post(address("held_file_decide", named), sent)
    assert "Say of at least one value" in page.text
    assert decided(named).decision == ""


def test_a_decision_leads_on_to_the_next_file_of_the_cause(hold, fresh_client):
    one, two, three = hold(b"hold 1", b"hold 2", b"hold 3")
    sent = {"decision": "accept", "reason": "only a ruler", "unseen_too": "on"}
    for held, following in ((two, three), (three, None)):
        answer = fresh_client.post(address("held_file_decide", held), sent)
        last = reverse("project_held", args=["heart"])
        assert answer.url == (address("held_file", following) if following else last)
    again = fresh_client.post(address("held_file_decide", two), sent, follow=True)
    assert "has been decided about already" in again.text
    assert decided(one).decision == ""


def test_who_decides_a_moment_too_late_is_told_so(pictured, fresh_client, steward, monkeypatch):
    """The other decision falls after the page looked whether the file waits."""

    def decide_second(*, held: HeldFile, choice: decisions.Choice) -> None:
        first = decisions.Choice(Decision.REJECT, steward, "in another tab")
        decisions.decide(held=HeldFile.objects.get(pk=held.pk), choice=first)
        decisions.decide(held=held, choice=choice)

    monkeypatch.setattr(file_views, "decide", decide_second)
    sent = {"decision": "accept", "reason": "only a ruler", "unseen_too": "on"}
    answer = fresh_client.post(address("held_file_decide", pictured), sent, follow=True)
    assert answer.redirect_chain == [(reverse("project_held", args=["heart"]), 302)]
    assert "has been decided about already" in answer.text
    assert decided(pictured).decision == "reject"


@pytest.mark.parametrize("person", ["owner_client", "member_client", "stranger_client"])
def test_only_stewards_decide(pictured, request, person):
    sent = {"decision": "accept", "reason": "please"}
    client = request.getfixturevalue(person)
    assert client.post(address("held_file_decide", pictured), sent).status_code == 404
    assert decided(pictured).decision == ""


def test_found_boxes_are_blacked_out_in_bulk(pictured, project, fresh_client):
    page = reverse("project_held", args=[project.key])
    assert 'value="redact"' in fresh_client.get(page).text
    sent = {"decision": "redact", "held": [str(pictured.pk)], "reason": "names"}
    fresh_client.post(reverse("held_decide", args=[project.key]), sent)
    assert decided(pictured).redactions == [[None, 20, 10, 30, 15]]


def test_files_without_boxes_are_not_offered_to_be_blacked_out(hold, project, steward_client):
    hold(b"hold")
    page = steward_client.get(reverse("project_held", args=[project.key])).text
    assert 'value="accept"' in page
    assert 'value="redact"' not in page
