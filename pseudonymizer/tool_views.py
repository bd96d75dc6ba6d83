"""The page that takes DICOM files."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from pacs_portal.jobs.tool_page import ToolForm, ToolPage, answer

PAGE = ToolPage(
    tool="pseudonymize",
    title=_("Pseudonymize"),
    sentence=_("Takes DICOM of any number of patients and gives each the project's pseudonym."),
    form_class=ToolForm,
)


@require_http_methods(["GET", "HEAD", "POST"])
def pseudonymize(request: HttpRequest) -> HttpResponse:
    """Choose a project, drop DICOM files, start."""
    return answer(request, PAGE)
