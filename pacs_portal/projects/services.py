"""What can be done with projects and their members (roles: docs/use.md)."""

from dataclasses import dataclass

from django.db import models, transaction
from django.utils.translation import gettext as _

from pacs_portal.accounts.models import User
from pacs_portal.audit.services import Actor, record
from pacs_portal.projects.errors import ProjectError
from pacs_portal.projects.keys import create_project_secrets
from pacs_portal.projects.models import Membership, Project, Role

RESERVED_KEYS = frozenset({"new"})  # /projects/new/ is the page that makes one


@dataclass(frozen=True)
class NewProject:
    """What a person decides about a project before it exists."""

    key: str
    name: str
    description: str = ""


@dataclass(frozen=True)
class Grant:
    """A role that a person is to get, or to lose."""

    user: User
    role: Role


def may_create_projects(user: User) -> bool:
    """Return True for site admins and for those a site admin allowed it."""
    return user.is_active and (user.is_staff or user.has_perm("projects.add_project"))


@transaction.atomic
def create_project(
    new: NewProject, *, actor: Actor, owner: User | None = None, is_steward_too: bool = False
) -> Project:
    """Make a project with its secrets and its owner.

    With `is_steward_too` the owner decides alone about identities (a one-person project); only a
    site admin starts one.
    """
    if new.key in RESERVED_KEYS:
        raise ProjectError(_("The key “%(key)s” is reserved; choose another.") % {"key": new.key})
    if Project.objects.filter(key=new.key).exists():
        raise ProjectError(
            _("A project with the key “%(key)s” exists already; choose another key.")
            % {"key": new.key}
        )
    if is_steward_too and not _is_site_admin(actor):
        raise ProjectError(_("Only a site admin may start a one-person project."))
    creator = actor if isinstance(actor, User) else None
    project = Project(key=new.key, name=new.name, description=new.description, created_by=creator)
    project.full_clean(exclude=["created_by"])
    project.save()
    create_project_secrets(project)
    record(actor, "project.created", project, project_id=project.pk)
    if owner is not None:
        _grant(project, Grant(owner, Role.OWNER), actor)
        if is_steward_too:
            _grant(project, Grant(owner, Role.STEWARD), actor)
    return project


@transaction.atomic
def add_member(project: Project, grant: Grant, *, by: User) -> None:
    """Give a person a role, where `by` may do so.

    Raises
    ------
    ProjectError
        If `by` may not grant this role, or the person holds it already.
    """
    _lock(project)
    if not may_grant(project, grant.role, by):
        raise ProjectError(_refusal(project, grant.role))
    if Membership.objects.filter(project=project, user=grant.user, role=grant.role).exists():
        raise ProjectError(_("This person holds the role already."))
    _grant(project, grant, by)


@transaction.atomic
def remove_role(project: Project, grant: Grant, *, by: User) -> None:
    """Take a role from a person; owners take any, everybody gives up her own.

    Raises
    ------
    ProjectError
        If `by` may not do so, or nobody would own the project any more.
    """
    _lock(project)
    if by != grant.user and not holds(project, by, Role.OWNER):
        raise ProjectError(_("Only an owner of the project may remove others."))
    if grant.role == Role.OWNER and not _active(project, Role.OWNER).exclude(user=grant.user):
        raise ProjectError(_("The last owner cannot leave: name another owner first."))
    removed, _by_model = Membership.objects.filter(
        project=project, user=grant.user, role=grant.role
    ).delete()
    if removed:
        record_in(project, by, "member.removed", role=grant.role, member=grant.user.pk)


@transaction.atomic
def change_settings(project: Project, *, name: str, description: str, by: User) -> None:
    """Rename or describe a project; its key stays."""
    project.name, project.description = name, description
    project.full_clean(exclude=["created_by"])
    project.save(update_fields=["name", "description"])
    record_in(project, by, "project.changed")


@transaction.atomic
def deactivate_project(project: Project, *, by: User) -> None:
    """Close a project: nothing is deleted, nobody opens it until a site admin reopens it."""
    project.is_active = False
    project.save(update_fields=["is_active"])
    record_in(project, by, "project.deactivated")


def may_grant(project: Project, role: Role, by: User) -> bool:
    """Return True if `by` may give `role` to somebody.

    Owners give every role but steward. The first steward is named by a site admin, later ones by
    a steward. Where no active owner is left, a site admin names one.
    """
    if role == Role.STEWARD:
        if _active(project, Role.STEWARD).exists():
            return holds(project, by, Role.STEWARD)
        return by.is_active and by.is_staff
    if role == Role.OWNER and not _active(project, Role.OWNER).exists():
        return by.is_active and by.is_staff
    return holds(project, by, Role.OWNER)


def grantable_roles(project: Project, by: User) -> list[Role]:
    """Return the roles that `by` may give in `project`."""
    return [role for role in Role if may_grant(project, role, by)]


def holds(project: Project, user: User, role: Role) -> bool:
    """Return True if `user` is active and holds `role` in `project`."""
    return _active(project, role).filter(user=user).exists()


def is_one_person(project: Project) -> bool:
    """Return True if one person alone is owner and data steward."""
    deciders = {
        role: set(_active(project, role).values_list("user_id", flat=True))
        for role in (Role.OWNER, Role.STEWARD)
    }
    return len(deciders[Role.OWNER]) == 1 and deciders[Role.OWNER] == deciders[Role.STEWARD]


def record_in(
    project: Project,
    actor: Actor,
    action: str,
    target: models.Model | None = None,
    **details: str | int | bool,
) -> None:
    """Write an audit event of `project`, marked if one person decides alone there."""
    record(
        actor,
        action,
        target or project,
        project_id=project.pk,
        is_marked=is_one_person(project),
        **details,
    )


def _grant(project: Project, grant: Grant, actor: Actor) -> None:
    Membership.objects.create(project=project, user=grant.user, role=grant.role)
    record_in(
        project,
        actor,
        "member.added",
        role=grant.role,
        member=grant.user.pk,
        to_oneself=actor == grant.user,
    )


def _active(project: Project, role: Role) -> models.QuerySet[Membership]:
    return Membership.objects.filter(project=project, role=role, user__is_active=True)


def _lock(project: Project) -> None:
    """Let one change of members follow the other, so that the last owner is really counted."""
    Project.objects.select_for_update().get(pk=project.pk)


def _is_site_admin(actor: Actor) -> bool:
    return isinstance(actor, User) and actor.is_active and actor.is_staff


def _refusal(project: Project, role: Role) -> str:
    if role != Role.STEWARD:
        return _("Only an owner of the project may add members.")
    if _active(project, Role.STEWARD).exists():
        return _("Only a data steward of the project may name another one.")
    return _("The first data steward is named by a site admin.")
