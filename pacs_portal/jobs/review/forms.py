"""What a person chooses on the page that shows what will happen: a tool, its options, a place."""

from collections.abc import Mapping
from typing import Any

from django.forms import BoundField
from django.http import QueryDict
from django.utils.functional import cached_property

from pacs_portal.jobs.forms import StartForm
from pacs_portal.jobs.models import Destination
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.pipelines import AUTO, tool_names
from pacs_portal.jobs.review.outlooks import outlook_of
from pacs_portal.jobs.review.summary import Summary
from pacs_portal.jobs.tool_page import ToolForm
from pacs_portal.tools import statement_names
from pacs_portal.uploads.models import Upload

NOT_ASKED_HERE = frozenset({"upload", "destination"})  # the page asks for these itself


class Choices:
    """The answers of the page, or what it proposes while there are none."""

    def __init__(self, upload: Upload, given: QueryDict | None, tool: str = "") -> None:
        self.upload = upload
        self._given = given
        proposed = tool if tool in tool_names() else AUTO
        defaults = {"tool": proposed, "destination": Destination.ARCHIVE.value}
        self.start = StartForm(defaults if given is None else given)
        self.start.is_valid()

    @property
    def tool(self) -> str:
        """The chosen tool."""
        return str(self.start.cleaned_data.get("tool") or AUTO)

    @property
    def destination(self) -> str:
        """Where the results go."""
        return str(self.start.cleaned_data.get("destination") or Destination.ARCHIVE)

    @property
    def is_keeping(self) -> bool:
        """Tell whether what no tool takes is to stay with the project."""
        return bool(self.start.cleaned_data.get("keep"))

    @property
    def jobs_seen(self) -> int | None:
        """How many jobs of the upload the page told of; None where a script did not look."""
        seen: int | None = self.start.cleaned_data.get("jobs_seen")
        return seen

    @property
    def statements(self) -> list[str]:
        """What the person vouches for."""
        return list(self.start.cleaned_data.get("statements") or ())

    @cached_property
    def tool_forms(self) -> dict[str, ToolForm]:
        """The forms of the tools that have options, by their step."""
        return {
            name: outlook.form_class(self._form_data(), project=self.upload.project)
            for name in tool_names()
            if (outlook := outlook_of(name)) is not None
        }

    def is_valid(self, summary: Summary) -> bool:
        """Tell whether a job may start with these answers."""
        used = [form for step, form in self.tool_forms.items() if step in summary.steps]
        return self.start.is_valid() and all(form.is_valid() for form in used)

    def job_options(self, summary: Summary) -> JobOptions:
        """Return the options of all tools that have work; only of valid forms."""
        opened: dict[str, Any] = {}
        sealed: dict[str, Any] = {}
        for step in sorted(summary.steps & self.tool_forms.keys()):
            form = self.tool_forms[step]
            if form.is_valid():
                options = form.job_options()
                opened |= options.open
                sealed |= options.sealed
        stated = self.start.job_options() if self.start.is_valid() else JobOptions()
        return JobOptions(open={**opened, **stated.open}, sealed=sealed)

    def options(self, summary: Summary) -> Mapping[str, Any]:
        """Return the options as a job would read them."""
        chosen = self.job_options(summary)
        return {**chosen.open, **chosen.sealed}

    def _form_data(self) -> QueryDict | None:
        if self._given is None:
            return None
        data = self._given.copy()
        data["upload"] = str(self.upload.pk)
        data["destination"] = self.destination
        return data


def asked_fields(form: ToolForm, kinds: frozenset[str]) -> list[BoundField]:
    """Return the fields of a tool's form that the page shows at once for files of these kinds."""
    hidden = NOT_ASKED_HERE | set(statement_names())
    return [field for field in form.first_fields(kinds) if field.name not in hidden]
