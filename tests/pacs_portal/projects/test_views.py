import pytest
from django.urls import reverse

from pacs_portal.projects.models import Membership, Project

MEMBERS = "/projects/heart/members/"
SETTINGS = "/projects/heart/settings/"
CLOSE = "/projects/heart/settings/deactivate/"


def remove_address(user) -> str:
    membership = Membership.objects.get(user=user, project__key="heart")
    return reverse("member_remove", args=["heart", membership.pk])


def test_the_list_of_members_is_for_members(
    owner_client, viewer_client, stranger_client, anonymous_client, project
):
    assert b"owner@example.org" in viewer_client.get(MEMBERS).content
    assert owner_client.get(MEMBERS).status_code == 200
    assert stranger_client.get(MEMBERS).status_code == 404
    assert anonymous_client.get(MEMBERS).status_code == 302


def test_owners_add_members_others_cannot(
    owner_client, viewer_client, stranger_client, project, stranger
):
    form = {"email": "Stranger@Example.org", "role": "viewer"}
    assert stranger_client.post(MEMBERS, form).status_code == 404
    assert viewer_client.post(MEMBERS, form).status_code == 404
    assert not Membership.objects.filter(user=stranger).exists()
    assert owner_client.post(MEMBERS, form).status_code == 302
    assert Membership.objects.get(user=stranger).role == "viewer"


def test_a_closed_and_a_missing_account_get_the_same_answer(owner_client, project, stranger):
    stranger.is_active = False
    stranger.save()
    answers = {
        str(owner_client.post(MEMBERS, {"email": email, "role": "viewer"}).context["form"].errors)
        for email in ("stranger@example.org", "nobody@example.org")
    }
    assert len(answers) == 1


def test_an_owner_is_offered_no_steward_role_a_steward_only_that(
    owner_client, steward_client, viewer_client, project
):
    def offered(client):
        return [value for value, _ in client.get(MEMBERS).context["form"].fields["role"].choices]

    assert offered(owner_client) == ["viewer", "contributor", "owner"]
    assert offered(steward_client) == ["steward"]
    assert viewer_client.get(MEMBERS).context["form"] is None


def test_an_owner_cannot_make_herself_steward_by_a_forged_form(owner_client, project, owner):
    owner_client.post(MEMBERS, {"email": owner.email, "role": "steward"})
    assert not Project.objects.stewarded_by(owner).exists()


def test_a_site_admin_names_the_first_steward_and_sees_nothing_else(
    admin_client, project, steward, member
):
    Membership.objects.filter(role="steward").delete()
    page = admin_client.get(MEMBERS)
    assert [tab.url for tab in page.context["tabs"]] == [MEMBERS]
    admin_client.post(MEMBERS, {"email": steward.email, "role": "steward"})
    assert Project.objects.stewarded_by(steward).exists()
    assert admin_client.post(MEMBERS, {"email": member.email, "role": "steward"}).status_code == 404
    assert admin_client.get(SETTINGS).status_code == 404


def test_roles_are_removed_by_owners_and_given_up_by_their_holders(
    owner_client, viewer_client, stranger_client, project, member, viewer
):
    assert stranger_client.post(remove_address(member)).status_code == 404
    assert viewer_client.post(remove_address(member)).status_code == 404
    assert viewer_client.post(remove_address(viewer)).url == "/"
    assert owner_client.post(remove_address(member)).url == MEMBERS
    assert not Membership.objects.filter(user__in=[member, viewer]).exists()


def test_the_last_owner_is_told_why_she_stays(owner_client, project, owner):
    page = owner_client.post(remove_address(owner), follow=True)
    assert b"The last owner cannot leave" in page.content
    assert Project.objects.owned_by(owner).exists()


@pytest.mark.parametrize("address", [SETTINGS, CLOSE])
def test_settings_are_for_owners(
    viewer_client, member_client, steward_client, stranger_client, project, address
):
    for client in (viewer_client, member_client, steward_client, stranger_client):
        assert client.post(address, {"name": "Changed"}).status_code == 404
    project.refresh_from_db()
    assert project.name == "Heart study"
    assert project.is_active


def test_an_owner_changes_the_name_but_never_the_key(owner_client, project):
    form = {"name": "Heart", "description": "", "key": "other", "accepts_identified": "on"}
    assert owner_client.get(SETTINGS).status_code == 200
    assert owner_client.post(SETTINGS, form).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.key, project.accepts_identified) == ("Heart", "heart", False)


def test_an_owner_closes_the_project(owner_client, project):
    assert owner_client.get(CLOSE).status_code == 405
    assert owner_client.post(CLOSE).url == "/"
    assert owner_client.get(SETTINGS).status_code == 404


def test_a_site_admin_makes_a_project_and_is_its_steward_if_she_says_so(admin_client, site_admin):
    form = {"name": "Knee", "key": "knee", "description": "", "is_steward_too": "on"}
    assert admin_client.get("/projects/new/").status_code == 200
    assert admin_client.post("/projects/new/", form).url == "/projects/knee/"
    assert Project.objects.stewarded_by(site_admin).get().key == "knee"


@pytest.mark.parametrize("key", ["new", "Knee", "-knee", "knee--a", "../knee", "heart", ""])
def test_a_bad_or_taken_key_is_refused_on_the_page(admin_client, project, key):
    page = admin_client.post("/projects/new/", {"name": "Knee", "key": key})
    assert page.status_code == 200
    assert "key" in page.context["form"].errors


def test_people_without_the_right_find_no_page_to_make_projects(
    member_client, owner_client, stranger_client, project
):
    for client in (member_client, owner_client, stranger_client):
        assert client.get("/projects/new/").status_code == 404
        assert client.post("/projects/new/", {"name": "X", "key": "x"}).status_code == 404


def test_a_project_that_accepts_identities_says_so_on_its_pages(owner_client, project):
    warning = b"accepts identified data"
    assert warning not in owner_client.get(MEMBERS).content
    project.accepts_identified = True
    project.save()
    assert warning in owner_client.get(MEMBERS).content
    assert warning in owner_client.get(SETTINGS).content
