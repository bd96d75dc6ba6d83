"""The page of a project's profile: options, rules for single attributes, versions, files."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import CONTRIBUTING_ROLES, Project, Role
from pseudonymizer.engine import SpecError
from pseudonymizer.engine.attributes import find_attributes, tag_named
from pseudonymizer.engine.spec import DEFAULT_SPEC, allowed_actions, parse_spec, spec_from_text
from pseudonymizer.errors import ProfileChangedError, ProfileError
from pseudonymizer.models import ProfileVersion
from pseudonymizer.profiles.drafts import Draft, draft_of, posted_draft, rule_row, sentences_of
from pseudonymizer.profiles.texts import DATE_CHOICES, GOES, STAYS, differences
from pseudonymizer.profiles.versions import (
    DEFAULT_NAME,
    NumberedProfile,
    ProfileChange,
    may_edit,
    newest_profile,
    profile_named,
    save_profile,
)

MOST_HITS = 12
LARGEST_PROFILE_BYTES = 1 << 18


@dataclass(frozen=True)
class Said:
    """What the page tells about the form as it stands."""

    notice: str = ""
    problems: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, key: str) -> HttpResponse:
    """Show the profile; owners and stewards save a new version."""
    project = _visible(request, key)
    if request.method == "POST":
        return _save(request, _editable(request, key))
    current = newest_profile(project.pk)
    start = request.GET.get("from")
    if start is None:
        return _page(request, project, draft_of(current.spec, current.number), Said())
    chosen = _chosen(project, start)
    said = Said(notice=_("This is not saved yet. Look it over and press Save."))
    return _page(request, project, draft_of(chosen.spec, current.number), said)


@posted_from("profile")
def profile_import(request: HttpRequest, key: str) -> HttpResponse:
    """Fill the form from a file; nothing is saved before the person looked at it."""
    project = _editable(request, key)
    current = newest_profile(project.pk)
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None or file.size > LARGEST_PROFILE_BYTES:
            raise ProfileError(_("Choose the file of a profile, at most 256 KB."))
        spec = spec_from_text(file.read())
    except ProfileError as error:
        problems = [str(error)]
    except SpecError as error:
        problems = sentences_of(error)
    else:
        said = Said(notice=_("The file is read, not saved yet. Look it over and press Save."))
        return _page(request, project, draft_of(spec, current.number), said)
    said = Said(problems=problems, status=400)
    return _page(request, project, draft_of(current.spec, current.number), said)


@require_safe
def profile_export(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Send one version as a file that can be imported elsewhere."""
    project = _visible(request, key)
    chosen = _chosen(project, DEFAULT_NAME if number == 0 else str(number))
    content = json.dumps(chosen.spec.as_json(), indent=2, ensure_ascii=False) + "\n"
    response = HttpResponse(content, content_type="application/json")
    name = f"{project.key}-profile-{number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def profile_attributes(request: HttpRequest, key: str) -> HttpResponse:
    """Find attributes by name, keyword or number; a part of the page."""
    project = _editable(request, key)
    term = request.GET.get("q", "")[:100]
    hits = [(each, bool(allowed_actions(each.tag))) for each in find_attributes(term, MOST_HITS)]
    context = {"project": project, "hits": hits, "term": term.strip()}
    return render(request, "pseudonymizer/_attribute_hits.html", context)


@require_safe
def profile_rule(request: HttpRequest, key: str) -> HttpResponse:
    """Return a row for one attribute; a part of the page."""
    _editable(request, key)
    tag = tag_named(request.GET.get("tag", ""))
    if tag is None or not allowed_actions(tag):
        raise Http404
    return render(request, "pseudonymizer/_rule_row.html", {"row": rule_row(tag), "may_edit": True})


def _save(request: HttpRequest, project: Project) -> HttpResponse:
    draft = posted_draft(request.POST)
    try:
        spec = draft.spec()
        change = ProfileChange(spec, draft.based_on, draft.reason)
        version = save_profile(project, change, by=_person(request))
    except SpecError as error:
        return _page(request, project, draft, Said(problems=sentences_of(error), status=400))
    except ProfileChangedError as error:
        current = newest_profile(project.pk)
        said = Said(problems=[_(str(error))], changes=differences(spec, current.spec), status=409)
        newer = Draft(draft.switches, draft.rows, current.number, draft.reason)
        return _page(request, project, newer, said)
    except ProfileError as error:
        return _page(request, project, draft, Said(problems=[_(str(error))], status=400))
    messages.success(
        request,
        _("Version %(number)s is saved. It counts for every job that starts from now on.")
        % {"number": version.number},
    )
    return redirect("profile", key=project.key)


def _page(request: HttpRequest, project: Project, draft: Draft, said: Said) -> HttpResponse:
    frame = project_context(request, project, "profile")
    context = {
        **frame,
        "may_edit": may_edit(project, _person(request)),
        "may_preview": bool(frame["roles"] & set(CONTRIBUTING_ROLES)),
        "may_loosen": Role.STEWARD in frame["roles"],
        "draft": draft,
        "said": said,
        "dates": DATE_CHOICES,
        "switches": [(_("What else stays"), STAYS), (_("What else goes"), GOES)],
        "history": _history(project),
        "current": newest_profile(project.pk),
    }
    return render(request, "pseudonymizer/profile.html", context, status=said.status)


def _history(project: Project) -> list[dict[str, Any]]:
    """Return the versions, newest first, each with what it changed."""
    versions = list(ProfileVersion.objects.filter(project=project).select_related("created_by"))
    specs = [parse_spec(version.spec) for version in versions]
    before = [*specs[1:], DEFAULT_SPEC]
    return [
        {"version": version, "differences": differences(spec, old)}
        for version, spec, old in zip(versions, specs, before, strict=False)
    ]


def _chosen(project: Project, name: str) -> NumberedProfile:
    try:
        return profile_named(project.pk, name)
    except ProfileError:
        raise Http404 from None


def _visible(request: HttpRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(_person(request)), key=key)


def _editable(request: HttpRequest, key: str) -> Project:
    projects = Project.objects.with_role(_person(request), Role.OWNER, Role.STEWARD)
    return get_object_or_404(projects, key=key)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
