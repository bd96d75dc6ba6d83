"""The page of a tool: choose a project, drop files; the review page (review/) asks the rest.

A script may post all answers here at once. Each tool brings its form and texts.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import may_create_projects
from pacs_portal.tools import Text
from pacs_portal.uploads.models import NO_UPLOAD_YET, Upload, UploadState


@dataclass(frozen=True)
class Section:
    """Fields that a page folds away under a label, since most people leave them alone."""

    label: Text
    names: tuple[str, ...]


@dataclass(frozen=True)
class Folded:
    """A section as a page shows it."""

    label: Text
    help_text: Text
    fields: list[forms.BoundField]
    is_open: bool  # one of them is filled or wrong, so that it must be seen


class ToolForm(forms.Form):
    """What every tool asks: which finished upload, and where the results go."""

    sections: tuple[Section, ...] = ()
    only_for: Mapping[str, frozenset[str]] = {}  # fields that matter to files of these kinds only

    upload = forms.UUIDField(widget=forms.HiddenInput)
    destination = forms.ChoiceField(
        label=_("Results"),
        choices=[
            (where.value, where.label) for where in (Destination.ARCHIVE, Destination.DOWNLOAD)
        ],
        initial=Destination.ARCHIVE,
    )

    def __init__(self, *args: object, project: Project, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.project = project

    def clean_upload(self) -> Upload:
        """Find the upload among the project's own; only a complete one can be worked on."""
        complete = Upload.objects.filter(project=self.project, state=UploadState.COMPLETE)
        upload = complete.filter(pk=self.cleaned_data["upload"]).first()
        if upload is None:
            raise forms.ValidationError(_("The files did not all arrive. Add them again."))
        return upload

    @property
    def complete_upload_id(self) -> str:
        """The upload that has arrived, when another field brought the form back."""
        upload = getattr(self, "cleaned_data", {}).get("upload")
        return str(upload.pk) if upload else ""

    def first_fields(self, kinds: Container[str] | None = None) -> list[forms.BoundField]:
        """Return the fields that everybody looks at who has files of these kinds."""
        folded = {name for section in self.sections for name in section.names}
        return [field for field in self._fields_for(kinds) if field.name not in folded]

    def folded(self, kinds: Container[str] | None = None) -> Iterator[Folded]:
        """Yield the sections that matter to files of these kinds, None for any files."""
        asked = list(self._fields_for(kinds))
        for section in self.sections:
            fields = [field for field in asked if field.name in section.names]
            is_open = self.is_bound and any(field.errors or field.data for field in fields)
            if fields:
                yield Folded(section.label, self.help_of(section), fields, is_open)

    def help_of(self, section: Section) -> Text:
        """Return what stands below a section's label."""
        return ""

    def _fields_for(self, kinds: Container[str] | None) -> Iterator[forms.BoundField]:
        for field in self.visible_fields():
            matters_to = self.only_for.get(field.name)
            if kinds is None or matters_to is None or any(kind in kinds for kind in matters_to):
                yield field

    def job_options(self) -> JobOptions:
        """Return the tool's own options; what may identify a patient goes to `sealed`."""
        return JobOptions()


@dataclass(frozen=True)
class ToolPage:
    """What makes the page of one tool."""

    tool: str  # name of its step and of its address
    title: Text
    sentence: Text
    form_class: type[ToolForm]
    template: str = "jobs/tool_page.html"


def answer(request: HttpRequest, page: ToolPage) -> HttpResponse:
    """Show the page, or start the job that the person described."""
    user = cast(User, request.user)
    projects = Project.objects.editable_by(user)
    key = request.POST.get("project") or request.GET.get("project")
    if not key:
        return _choose_project(request, page, list(projects))
    project = get_object_or_404(projects, key=key)
    form = page.form_class(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid() and (job := _start(page, form, user)):
        return redirect(job)
    context = {
        "page": page,
        "project": project,
        "projects": projects,
        "form": form,
        "no_upload_yet": NO_UPLOAD_YET,
    }
    return render(request, page.template, context)


def _start(page: ToolPage, form: ToolForm, user: User) -> Job | None:
    """Start the job; where none can begin, the form says why."""
    try:
        return create_job(
            upload=form.cleaned_data["upload"],
            tool=page.tool,
            destination=Destination(form.cleaned_data["destination"]),
            by=user,
            options=form.job_options(),
        )
    except JobError as error:
        form.add_error("upload", gettext(str(error)))
        return None


def _choose_project(request: HttpRequest, page: ToolPage, projects: list[Project]) -> HttpResponse:
    if len(projects) == 1:
        return redirect(f"{reverse(page.tool)}?project={projects[0].key}")
    context = {
        "page": page,
        "projects": projects,
        "may_create_projects": may_create_projects(cast(User, request.user)),
    }
    return render(request, "jobs/tool_projects.html", context)
