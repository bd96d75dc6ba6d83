"""Show a person what the profile makes of her own file; the file is kept nowhere."""

import secrets
from typing import Any, cast

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from pacs_portal.accounts.models import User
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.engine import (
    Context,
    Profile,
    PseudonymizationError,
    Subject,
)
from pseudonymizer.engine.attributes import attribute_of
from pseudonymizer.engine.preview import Preview, preview_file
from pseudonymizer.profiles.texts import WHY_LABELS
from pseudonymizer.profiles.versions import newest_profile

LARGEST_BYTES = 64 << 20
_FORM_BYTES = 1 << 16  # what a form adds around its file
_EXAMPLE = "EXAMPLE"


class MemoryOnlyHandler(MemoryFileUploadHandler):
    """Keeps a file in memory whatever the settings say; a larger one is not taken at all."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (Django's name)
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> tuple[Any, MultiValueDict] | None:
        self.activated = content_length <= LARGEST_BYTES + _FORM_BYTES
        return None


@csrf_exempt  # only here, so that the handlers are set before the form is read; checked below
@require_http_methods(["GET", "HEAD", "POST"])
def profile_preview(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form; with a file, each of its attributes before and after."""
    request.upload_handlers = [MemoryOnlyHandler(request)]
    return _profile_preview(request, key)


@csrf_protect
@sensitive_variables()
def _profile_preview(request: HttpRequest, key: str) -> HttpResponse:
    person = cast(User, request.user)
    project = get_object_or_404(Project.objects.editable_by(person), key=key)
    current = newest_profile(project.pk)
    context = {
        **project_context(request, project, "profile"),
        "current": current,
        "megabytes": LARGEST_BYTES >> 20,
    }
    status = 200
    if request.method == "POST":
        file = request.FILES.get("file")
        content = file.read() if file and (file.size or 0) <= LARGEST_BYTES else b""
        try:
            context |= _shown(preview_file(content, _example(project, current.profile)))
        except PseudonymizationError as error:
            context["problem"], status = _problem(error, bool(content)), 400
    return render(request, "pseudonymizer/profile_preview.html", context, status=status)


def _problem(error: PseudonymizationError, has_content: bool) -> str:
    if has_content:
        return _(str(error))
    return _("Choose one DICOM file of at most 64 MB.")


def _example(project: Project, profile: Profile) -> Context:
    """Return keys made for this one look: no patient, date or UID of the project shows."""
    return Context(
        subject=Subject(_EXAMPLE, project.key, -(365 + secrets.randbelow(3286))),
        uid_key=secrets.token_bytes(32),
        profile=profile,
        now=timezone.now(),
    )


def _shown(preview: Preview) -> dict[str, Any]:
    rows = [
        {
            "row": row,
            "attribute": attribute_of(row.tag),
            "why": WHY_LABELS.get(row.why, row.why),
            "depth": min(row.depth, 6),
        }
        for row in preview.rows
    ]
    return {
        "rows": rows,
        "held": _(str(preview.held)) if preview.held else "",
        "is_cut": preview.is_cut,
    }
