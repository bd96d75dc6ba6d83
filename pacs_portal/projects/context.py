"""What the frame around every page of a project shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import CONTRIBUTING_ROLES, Membership, Project, Role
from pacs_portal.projects.services import is_one_person
from pacs_portal.tools import Text, registered_tools


@dataclass(frozen=True)
class Tab:
    """One tab of the project page."""

    label: Text
    url: str
    is_active: bool
    count: int = 0  # of what waits there


@dataclass(frozen=True)
class _Place:
    """A page of the project that some roles may open."""

    name: str
    label: Text
    url_name: str
    roles: frozenset[Role]
    count: Callable[[Project], int] | None = None


EVERYONE = frozenset(Role)
CONTRIBUTORS = frozenset(CONTRIBUTING_ROLES)
STEWARDS = frozenset({Role.STEWARD})
BEFORE_TOOLS = (
    _Place("studies", _("Studies"), "project", EVERYONE),
    _Place("upload", _("Upload"), "project_upload", CONTRIBUTORS),
    _Place("uploads", _("History"), "upload_list", EVERYONE),
    _Place("jobs", _("Jobs"), "project_jobs", EVERYONE),
    _Place("files", _("Files"), "project_files", EVERYONE),
    _Place("held", _("Held files"), "project_held", STEWARDS),
)
# By the name of a place: how much waits there; the app of the page registers it.
_counts: dict[str, Callable[[Project], int]] = {}
AFTER_TOOLS = (
    _Place("members", _("Members"), "project_members", EVERYONE),
    _Place("settings", _("Settings"), "project_settings", frozenset({Role.OWNER})),
)


def register_count(place: str, count: Callable[[Project], int]) -> None:
    """Let a tab say how much waits there; apps call this in AppConfig.ready()."""
    _counts[place] = count


def project_context(
    request: HttpRequest, project: Project, active: str = "studies"
) -> dict[str, Any]:
    """Return what `projects/_project.html` needs; `active` is a place, or a tool tab's URL name."""
    roles = roles_in(request, project)
    return {
        "project": project,
        "roles": roles,
        "tabs": [
            _tab(place, project, place.name == active)
            for place in (*BEFORE_TOOLS, *_tool_places(), *AFTER_TOOLS)
            if _may_open(place, roles, request)
        ],
        "is_one_person": is_one_person(project),
        "can_contribute": bool(CONTRIBUTORS & roles),
        "is_steward": Role.STEWARD in roles,
        "is_owner": Role.OWNER in roles,
    }


def roles_in(request: HttpRequest, project: Project) -> frozenset[Role]:
    """Return the roles that the signed-in person holds in `project`."""
    if not isinstance(request.user, User):
        return frozenset()
    held = Membership.objects.filter(user=request.user, project=project)
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def _tab(place: _Place, project: Project, is_active: bool) -> Tab:
    url = reverse(place.url_name, args=[project.key])
    count = place.count or _counts.get(place.name)
    return Tab(place.label, url, is_active, count(project) if count else 0)


def _tool_places() -> list[_Place]:
    return [
        _Place(
            tab.url_name,
            tab.label,
            tab.url_name,
            STEWARDS if tab.for_stewards else EVERYONE,
            tab.count,
        )
        for tool in registered_tools()
        for tab in tool.tabs
    ]


def _may_open(place: _Place, roles: frozenset[Role], request: HttpRequest) -> bool:
    """Site admins without a role see the members, to name the first steward, and nothing else."""
    return bool(place.roles & roles) or (place.name == "members" and request.user.is_staff)
