"""The conversion page."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from converter.forms import ConvertForm
from pacs_portal.jobs.tool_page import ToolPage, answer

PAGE = ToolPage(
    tool="convert",
    title=_("Convert"),
    sentence=_("Makes DICOM of JPEG, PNG, BMP, GIF, WebP, TIFF, slides and NIfTI."),
    form_class=ConvertForm,
)


@require_http_methods(["GET", "HEAD", "POST"])
def convert(request: HttpRequest) -> HttpResponse:
    """Choose a project, drop images, start."""
    return answer(request, PAGE)
