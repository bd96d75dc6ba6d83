from functools import partial

import pytest
from django.db import OperationalError

from pacs_portal.audit.models import Event
from pacs_portal.projects import services
from pacs_portal.projects.errors import ProjectError
from pacs_portal.projects.models import Membership, Project, ProjectSecret, Role
from pacs_portal.projects.services import (
    Grant,
    NewProject,
    add_member,
    change_settings,
    create_project,
    deactivate_project,
    grantable_roles,
    is_one_person,
    may_create_projects,
    remove_role,
)
from pacs_portal.uploads.services import create_upload, discard_upload


@pytest.fixture
def bare_project(owner):
    """A project that has an owner and nobody else."""
    return create_project(NewProject("bare", "Bare"), actor=owner, owner=owner)


def roles_of(user, project) -> set[str]:
    held = Membership.objects.filter(user=user, project=project)
    return set(held.values_list("role", flat=True))


def test_a_new_project_has_secrets_an_owner_and_an_audit_trail(bare_project, owner):
    assert ProjectSecret.objects.filter(project=bare_project).count() == 2
    assert roles_of(owner, bare_project) == {"owner"}
    events = Event.objects.filter(project_id=bare_project.pk).order_by("id")
    assert [event.action for event in events] == ["project.created", "member.added"]
    assert events[1].details == {"role": "owner", "member": owner.pk, "to_oneself": True}
    assert not any(event.is_marked for event in events)


def test_a_key_is_taken_once(bare_project, owner):
    with pytest.raises(ProjectError, match="exists already"):
        create_project(NewProject("bare", "Another"), actor=owner, owner=owner)


def test_the_key_of_an_address_is_reserved(owner):
    with pytest.raises(ProjectError, match="reserved"):
        create_project(NewProject("new", "New"), actor=owner, owner=owner)


def test_only_a_site_admin_starts_a_one_person_project(site_admin, owner):
    with pytest.raises(ProjectError, match="Only a site admin"):
        create_project(NewProject("solo", "Solo"), actor=owner, owner=owner, is_steward_too=True)
    assert not Project.objects.filter(key="solo").exists()
    solo = create_project(
        NewProject("solo", "Solo"), actor=site_admin, owner=site_admin, is_steward_too=True
    )
    assert roles_of(site_admin, solo) == {"owner", "steward"}
    assert is_one_person(solo)


def test_the_audit_marks_the_acts_of_a_one_person_project(site_admin, member):
    solo = create_project(
        NewProject("solo", "Solo"), actor=site_admin, owner=site_admin, is_steward_too=True
    )
    add_member(solo, Grant(member, Role.VIEWER), by=site_admin)
    assert Event.objects.latest("id").is_marked
    add_member(solo, Grant(member, Role.STEWARD), by=site_admin)
    assert not Event.objects.latest("id").is_marked


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.OWNER])
def test_an_owner_gives_every_role_but_steward(bare_project, owner, stranger, role):
    add_member(bare_project, Grant(stranger, role), by=owner)
    assert roles_of(stranger, bare_project) == {role}


def test_an_owner_names_no_steward_not_even_herself(bare_project, owner, stranger):
    for person in (owner, stranger):
        with pytest.raises(ProjectError, match="named by a site admin"):
            add_member(bare_project, Grant(person, Role.STEWARD), by=owner)


def test_an_owner_names_no_steward_where_there_is_one(project, owner, stranger):
    with pytest.raises(ProjectError, match="Only a data steward"):
        add_member(project, Grant(stranger, Role.STEWARD), by=owner)


def test_the_first_steward_is_named_by_a_site_admin_the_next_by_a_steward(
    bare_project, site_admin, steward, stranger
):
    add_member(bare_project, Grant(steward, Role.STEWARD), by=site_admin)
    with pytest.raises(ProjectError, match="Only a data steward"):
        add_member(bare_project, Grant(stranger, Role.STEWARD), by=site_admin)
    add_member(bare_project, Grant(stranger, Role.STEWARD), by=steward)
    assert roles_of(stranger, bare_project) == {"steward"}


def test_a_site_admin_who_is_no_owner_adds_nobody_else(project, site_admin, stranger):
    assert grantable_roles(project, site_admin) == []
    with pytest.raises(ProjectError, match="Only an owner"):
        add_member(project, Grant(stranger, Role.VIEWER), by=site_admin)


def test_a_site_admin_names_an_owner_where_none_is_left(project, site_admin, owner, stranger):
    owner.is_active = False
    owner.save()
    add_member(project, Grant(stranger, Role.OWNER), by=site_admin)
    assert roles_of(stranger, project) == {"owner"}


def test_members_and_strangers_add_nobody(project, member, viewer, stranger):
    for person in (member, viewer, stranger):
        assert grantable_roles(project, person) == []
        with pytest.raises(ProjectError):
            add_member(project, Grant(stranger, Role.VIEWER), by=person)


def test_a_role_is_given_once(project, owner, viewer):
    with pytest.raises(ProjectError, match="already"):
        add_member(project, Grant(viewer, Role.VIEWER), by=owner)


def test_the_last_owner_cannot_leave(project, owner, stranger):
    with pytest.raises(ProjectError, match="last owner"):
        remove_role(project, Grant(owner, Role.OWNER), by=owner)
    add_member(project, Grant(stranger, Role.OWNER), by=owner)
    remove_role(project, Grant(owner, Role.OWNER), by=owner)
    assert roles_of(owner, project) == set()


def test_everybody_leaves_but_only_owners_remove_others(project, owner, member, viewer, steward):
    remove_role(project, Grant(viewer, Role.VIEWER), by=viewer)
    assert roles_of(viewer, project) == set()
    for person in (viewer, steward):
        with pytest.raises(ProjectError, match="Only an owner"):
            remove_role(project, Grant(member, Role.CONTRIBUTOR), by=person)
    remove_role(project, Grant(member, Role.CONTRIBUTOR), by=owner)
    assert Event.objects.latest("id").action == "member.removed"


def test_a_removed_role_ends_its_rights_at_once(project, owner, member):
    assert Project.objects.editable_by(member).get() == project
    remove_role(project, Grant(member, Role.CONTRIBUTOR), by=owner)
    assert not Project.objects.visible_to(member).exists()


def test_a_closed_project_is_nobodys(project, owner, steward):
    deactivate_project(project, by=owner)
    for person in (owner, steward):
        assert not Project.objects.visible_to(person).exists()


@pytest.mark.parametrize(
    "change", [partial(change_settings, name="Another", description=""), deactivate_project]
)
def test_nothing_changes_that_the_audit_cannot_tell(project, owner, monkeypatch, change):
    def disk_is_full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(services, "record", disk_is_full)
    with pytest.raises(OperationalError):
        change(project, by=owner)
    kept = Project.objects.get(pk=project.pk)
    assert (kept.name, kept.is_active) == ("Heart study", True)


def test_a_superuser_is_a_stranger_to_projects_and_their_identities(project, site_admin):
    assert not Project.objects.visible_to(site_admin).exists()
    assert not Project.objects.stewarded_by(site_admin).exists()


def test_projects_are_made_by_site_admins_and_those_they_allow(site_admin, member):
    from django.contrib.auth.models import Permission

    from pacs_portal.accounts.models import User

    assert may_create_projects(site_admin)
    assert not may_create_projects(member)
    permission = Permission.objects.get(codename="add_project", content_type__app_label="projects")
    member.user_permissions.add(permission)
    assert may_create_projects(User.objects.get(pk=member.pk))


def test_every_act_in_a_one_person_project_is_marked(site_admin):
    alone = create_project(
        NewProject("alone", "Alone"), actor=site_admin, owner=site_admin, is_steward_too=True
    )
    before = Event.objects.latest("id").pk
    sent = create_upload(project=alone, by=site_admin, manifest=[])
    discard_upload(sent, by=site_admin)
    marks = dict(Event.objects.filter(pk__gt=before).values_list("action", "is_marked"))
    assert marks == {"upload.created": True, "upload.discarded": True}
