"""Pages that make projects, and manage their members and settings."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pacs_portal.accounts.models import User
from pacs_portal.projects.context import project_context
from pacs_portal.projects.errors import ProjectError
from pacs_portal.projects.forms import MemberForm, ProjectForm, SettingsForm
from pacs_portal.projects.models import Membership, Project, Role
from pacs_portal.projects.services import (
    Grant,
    NewProject,
    add_member,
    change_settings,
    create_project,
    deactivate_project,
    grantable_roles,
    holds,
    may_create_projects,
    remove_role,
)


@require_http_methods(["GET", "HEAD", "POST"])
def project_create(request: HttpRequest) -> HttpResponse:
    """Make a project; whoever makes it owns it."""
    user = cast(User, request.user)
    if not may_create_projects(user):
        raise Http404
    form = ProjectForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid() and (project := _create(form, user)):
        messages.success(request, _("The project is ready. Upload the first files."))
        return redirect(project)
    return render(request, "projects/create.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def project_members(request: HttpRequest, key: str) -> HttpResponse:
    """List the members; owners and stewards add, each what she may."""
    user = cast(User, request.user)
    project = _project_of_members(user, key)
    roles = grantable_roles(project, user)
    form = MemberForm(request.POST or None, roles=roles)
    if request.method == "POST":
        if not roles:
            raise Http404
        if form.is_valid() and _add(request, project, form):
            return redirect("project_members", key=project.key)
    return render(
        request,
        "projects/members.html",
        {
            **project_context(request, project, "members"),
            "form": form if roles else None,
            "memberships": _memberships(project),
            "has_steward": project.memberships.filter(role=Role.STEWARD).exists(),
        },
    )


@require_POST
def member_remove(request: HttpRequest, key: str, membership_id: int) -> HttpResponse:
    """Take one role from one member."""
    user = cast(User, request.user)
    project = get_object_or_404(Project.objects.visible_to(user), key=key)
    membership = get_object_or_404(project.memberships.select_related("user"), pk=membership_id)
    if membership.user_id != user.pk and not holds(project, user, Role.OWNER):
        raise Http404
    try:
        remove_role(project, Grant(membership.user, Role(membership.role)), by=user)
    except ProjectError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The role is removed; its rights ended at once."))
    is_member = Project.objects.visible_to(user).filter(pk=project.pk).exists()
    return redirect("project_members", key=key) if is_member else redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: HttpRequest, key: str) -> HttpResponse:
    """Change name and description."""
    user = cast(User, request.user)
    project = get_object_or_404(Project.objects.owned_by(user), key=key)
    form = SettingsForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        change_settings(project, **form.cleaned_data, by=user)
        messages.success(request, _("The settings are saved."))
        return redirect("project_settings", key=key)
    return render(
        request,
        "projects/settings.html",
        {**project_context(request, project, "settings"), "form": form},
    )


@require_POST
def project_deactivate(request: HttpRequest, key: str) -> HttpResponse:
    """Close the project for everybody; a site admin can reopen it."""
    user = cast(User, request.user)
    project = get_object_or_404(Project.objects.owned_by(user), key=key)
    deactivate_project(project, by=user)
    messages.success(request, _("The project is closed. A site admin can reopen it."))
    return redirect("home")


def _create(form: ProjectForm, user: User) -> Project | None:
    chosen = form.cleaned_data
    try:
        return create_project(
            NewProject(chosen["key"], chosen["name"], chosen["description"]),
            actor=user,
            owner=user,
            is_steward_too=chosen.get("is_steward_too", False),
        )
    except ProjectError as error:  # somebody else took the key meanwhile
        form.add_error("key", str(error))
        return None


def _project_of_members(user: User, key: str) -> Project:
    """Site admins open the list of members of every project, to name its first steward."""
    active = Project.objects.filter(is_active=True)
    return get_object_or_404(active if user.is_staff else Project.objects.visible_to(user), key=key)


def _add(request: HttpRequest, project: Project, form: MemberForm) -> bool:
    grant = Grant(form.user, Role(form.cleaned_data["role"]))
    try:
        add_member(project, grant, by=cast(User, request.user))
    except ProjectError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("The member is added."))
    return True


def _memberships(project: Project) -> list[Membership]:
    by_person = project.memberships.select_related("user").order_by("user__email", "created_at")
    return list(by_person)
