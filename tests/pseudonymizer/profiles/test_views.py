"""The page of the profile: members read, owners and stewards edit, strangers find nothing."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pseudonymizer.engine import ProfileSpec
from pseudonymizer.engine.spec import DEFAULT_SPEC, RuleAction, TagRule
from pseudonymizer.models import ProfileVersion
from pseudonymizer.profiles.versions import ProfileChange, newest_profile, save_profile

pytestmark = pytest.mark.django_db
DEFAULT_FORM = {"dates": "modified_dates", "option": ["four_characteristics"], "based_on": "0"}
TIGHTER = ProfileSpec(frozenset({"modified_dates"}))


@pytest.fixture
def address(project) -> str:
    return reverse("profile", args=[project.key])


def with_rule(keyword: str, action: str, text: str = "") -> dict[str, object]:
    return {"rule_tag": [keyword], "rule_action": [action], "rule_text": [text]}


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("who", ["stranger", "site_admin"])
def test_a_stranger_finds_no_profile(project, client_of, request, who: str) -> None:
    client = client_of(request.getfixturevalue(who))
    names = ("profile", "profile_attributes", "profile_rule", "profile_preview")
    addresses = [reverse(name, args=[project.key]) for name in names]
    for address in [*addresses, reverse("profile_export", args=[project.key, 0])]:
        assert client.get(address).status_code == 404
    for name in ("profile", "profile_import", "profile_preview"):
        assert client.post(reverse(name, args=[project.key])).status_code == 404


@pytest.mark.parametrize("who", ["viewer", "member"])
def test_members_read_and_cannot_edit(project, address, client_of, request, who: str) -> None:
    client = client_of(request.getfixturevalue(who))
    page = client.get(address)
    assert page.status_code == 200
    assert "<fieldset disabled>" in text_of(page)
    assert "Save as a new version" not in text_of(page)
    assert client.post(address, DEFAULT_FORM | {"dates": ""}).status_code == 404
    assert client.post(reverse("profile_import", args=[project.key])).status_code == 404
    assert client.get(reverse("profile_attributes", args=[project.key])).status_code == 404
    assert not ProfileVersion.objects.exists()


def test_an_anonymous_visitor_has_to_sign_in(address, anonymous_client) -> None:
    assert anonymous_client.get(address).status_code == 302


def test_the_tab_stands_among_the_projects_tabs(address, viewer_client) -> None:
    assert f'href="{address}" aria-current="page"' in text_of(viewer_client.get(address))


def test_a_switch_that_lets_less_through_does_not_stand_among_what_stays(
    address, viewer_client
) -> None:
    page = text_of(viewer_client.get(address))
    stays, goes = page.split("What else stays")[1].split("What else goes")
    assert stays.count('name="option"') == 9
    assert goes.count('name="option"') == 1
    assert 'value="only_iod"' in goes


def test_an_owner_saves_a_tighter_version(project, address, owner_client) -> None:
    form = DEFAULT_FORM | with_rule("0008,0070", "remove") | {"option": []}
    assert owner_client.post(address, form).status_code == 302
    spec = newest_profile(project.pk).spec
    assert spec.switches == {"modified_dates"}
    assert spec.rules == (TagRule(0x00080070, RuleAction.REMOVE),)
    page = text_of(owner_client.get(address))
    assert "Manufacturer (0008,0070): by the options → remove" in page
    assert "Sex, age, size and weight: off" in page


def test_an_owner_is_refused_a_looser_one_and_keeps_what_she_typed(address, owner_client) -> None:
    form = DEFAULT_FORM | with_rule("0010,0030", "keep") | {"reason": "cohort <of> ages"}
    page = owner_client.post(address, form)
    assert page.status_code == 400
    assert "Only a data steward" in text_of(page)
    assert "cohort &lt;of&gt; ages" in text_of(page)
    assert "Birth Date" in text_of(page)


def test_a_steward_loosens_with_a_reason(project, address, steward_client) -> None:
    form = DEFAULT_FORM | {"dates": "full_dates"}
    assert "Say why" in text_of(steward_client.post(address, form))
    assert steward_client.post(address, form | {"reason": "phantoms"}).status_code == 302
    page = text_of(steward_client.get(address))
    assert "phantoms" in page
    assert "lets more through" in page
    assert "Keep dates: on" in page


def test_the_second_of_two_tabs_sees_what_differs_and_can_save_again(
    project, address, owner, owner_client
) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    form = DEFAULT_FORM | {"dates": "", "option": []}
    page = owner_client.post(address, form)
    assert page.status_code == 409
    assert "Somebody saved another version" in text_of(page)
    assert "Shift dates: off" in text_of(page)
    assert 'name="based_on" value="1"' in text_of(page)
    assert owner_client.post(address, form | {"based_on": "1"}).status_code == 302
    assert newest_profile(project.pk).number == 2


@pytest.mark.parametrize(
    "form",
    [
        {"option": ["nonsense"]},
        {"option": ["full_dates"]},
        with_rule("0010,0010", "keep"),
        with_rule("0008,0020", "burn"),
        with_rule("0008,0020", "replace", "yesterday"),
        {"based_on": "x"},
        {"based_on": "-1"},
    ],
)
def test_a_form_that_cannot_be_says_so(address, steward_client, form) -> None:
    response = steward_client.post(address, DEFAULT_FORM | {"reason": "why not"} | form)
    assert response.status_code in (400, 409)
    assert not ProfileVersion.objects.exists()


def test_attributes_are_found_and_added(project, owner_client) -> None:
    search = reverse("profile_attributes", args=[project.key])
    hits = text_of(owner_client.get(search, {"q": "series description"}))
    assert "Series Description" in hits
    assert "takes no rule" in text_of(owner_client.get(search, {"q": "PatientID"}))
    assert "No attribute" in text_of(owner_client.get(search, {"q": "zzzz"}))
    rule = reverse("profile_rule", args=[project.key])
    row = text_of(owner_client.get(rule, {"tag": "0008,103E"}))
    assert 'name="rule_tag" value="0008,103E"' in row
    assert "shift" not in row
    for tag in ("0010,0010", "nonsense", "0009,0010", ""):
        assert owner_client.get(rule, {"tag": tag}).status_code == 404


def test_an_exported_version_can_be_imported(project, address, owner, owner_client) -> None:
    spec = ProfileSpec(frozenset({"modified_dates"}), (TagRule(0x00080070, RuleAction.EMPTY),))
    save_profile(project, ProfileChange(spec, 0), by=owner)
    exported = owner_client.get(reverse("profile_export", args=[project.key, 1]))
    assert exported["Content-Disposition"] == 'attachment; filename="heart-profile-1.json"'
    assert json.loads(exported.content) == spec.as_json()
    file = SimpleUploadedFile("profile.json", exported.content)
    page = owner_client.post(reverse("profile_import", args=[project.key]), {"file": file})
    assert "not saved yet" in text_of(page)
    assert 'name="rule_tag" value="0008,0070"' in text_of(page)
    assert ProfileVersion.objects.count() == 1
    assert owner_client.get(reverse("profile_export", args=[project.key, 2])).status_code == 404


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"x" * 300_000])
def test_a_file_that_is_no_profile_is_refused(project, owner_client, content: bytes) -> None:
    file = SimpleUploadedFile("profile.json", content)
    page = owner_client.post(reverse("profile_import", args=[project.key]), {"file": file})
    assert page.status_code == 400
    assert 'role="alert"' in text_of(page)


def test_an_import_names_every_problem(project, owner_client) -> None:
    rules = [{"tag": "PatientName", "action": "keep"}, {"tag": "Rows", "action": "remove"}]
    content = json.dumps(DEFAULT_SPEC.as_json() | {"rules": rules}).encode()
    file = SimpleUploadedFile("profile.json", content)
    page = owner_client.post(reverse("profile_import", args=[project.key]), {"file": file})
    assert "Patient&#x27;s Name: The pseudonymizer writes this attribute" in text_of(page)
    assert "Rows: This attribute tells how the pixels are read" in text_of(page)


def test_the_default_and_older_versions_can_be_started_from(
    project, address, owner, owner_client
) -> None:
    save_profile(project, ProfileChange(TIGHTER, 0), by=owner)
    page = text_of(owner_client.get(address, {"from": "default"}))
    assert "not saved yet" in page
    assert 'value="four_characteristics" checked' in page
    assert 'name="based_on" value="1"' in page
    assert owner_client.get(address, {"from": "7"}).status_code == 404
