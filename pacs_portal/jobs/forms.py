"""What people may say about jobs."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.decisions import Choice
from pacs_portal.jobs.held.pictures import WINDOWS, View
from pacs_portal.jobs.models import Decision, Destination, Outcome
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.pipelines import KEEP, tool_names
from pacs_portal.jobs.steps import Region
from pacs_portal.tools import statement_names

MOST_BOXES = 4000
MOST_FINDINGS = 100
LARGEST_IMAGE = 1_000_000  # pixels on a side
BAD_BOX = _("A box needs whole numbers of pixels: left and top from 0, width and height from 1.")
TOO_MANY_BOXES = _("These are too many boxes. Draw fewer and larger ones.")
FOR_PEOPLE = (Destination.ARCHIVE, Destination.DOWNLOAD)


class StartForm(forms.Form):
    """Which tool works on an upload, and where its results go."""

    tool = forms.ChoiceField(choices=lambda: [(name, name) for name in tool_names()])
    destination = forms.ChoiceField(choices=[(where.value, where.label) for where in FOR_PEOPLE])
    statements = forms.MultipleChoiceField(
        choices=lambda: [(name, name) for name in statement_names()], required=False
    )

    jobs_seen = forms.IntegerField(required=False, min_value=0)  # that worked on the files before
    keep = forms.BooleanField(required=False)  # with the project, what no tool takes

    def job_options(self) -> JobOptions:
        """Return what the person vouched for, and wants, as options of the job."""
        stated = dict.fromkeys(self.cleaned_data["statements"], True)
        return JobOptions(open={**stated, KEEP.name: True} if self.cleaned_data["keep"] else stated)


class OutcomeFilter(forms.Form):
    """Which receipts to show."""

    outcome = forms.ChoiceField(choices=[("", _("all")), *Outcome.choices], required=False)


class ReasonForm(forms.Form):
    """Why a steward decides so, and whether unseen."""

    unseen_too = forms.BooleanField(
        label=_("Accept also what nobody has looked at"), required=False
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say in a few words why you decide so.")},
    )

    def sentence(self) -> str:
        """Return everything that is wrong with what was entered."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class DecisionForm(ReasonForm):
    """What a steward decides about held files of one cause, and why."""

    held = forms.TypedMultipleChoiceField(coerce=UUID, required=False)
    # Or all that are held as this one is, those on other pages too.
    like = forms.TypedChoiceField(coerce=UUID, required=False, empty_value=None)
    decision = forms.ChoiceField(choices=Decision.choices)

    def __init__(self, *args: Any, held_ids: Iterable[UUID] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(held_id), str(held_id)) for held_id in held_ids]
        for name in ("held", "like"):
            cast(forms.ChoiceField, self.fields[name]).choices = known

    @property
    def chosen(self) -> list[str]:
        """Return the files that were ticked."""
        return cast(QueryDict, self.data).getlist("held") if self.is_bound else []

    @property
    def sent_about(self) -> set[str]:
        """Return the files that were ticked, and one of the cause that was decided about."""
        sent = cast(QueryDict, self.data)
        return {*self.chosen, *sent.getlist("like"), *sent.getlist("of")}

    def clean(self) -> dict[str, Any]:
        if not self.errors and not (self.cleaned_data["held"] or self.cleaned_data["like"]):
            self.add_error("held", _("Select at least one file."))
        return self.cleaned_data


class PictureForm(forms.Form):
    """What a steward wants to see of a held file."""

    image = forms.IntegerField(min_value=0, required=False)
    frame = forms.IntegerField(min_value=0, required=False)
    window = forms.ChoiceField(choices=[(name, name) for name in WINDOWS], required=False)

    def view(self) -> View:
        """Return the wish, the first frame where nothing is said."""
        return View(
            image=self.cleaned_data["image"] or 0,
            frame=self.cleaned_data["frame"] or 0,
            window=self.cleaned_data["window"] or WINDOWS[0],
        )


class HeldFileForm(ReasonForm):
    """What a steward decides about one held file: boxes to black out, values to take out."""

    BY_VALUE = "values"  # each finding says what is to become of it
    ALARM, REMOVE = "alarm", "remove"

    decision = forms.ChoiceField(choices=[*Decision.choices, (BY_VALUE, BY_VALUE)])

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["boxes"] = tuple(self._boxes())
        return self.cleaned_data

    def choice(self, *, by: User) -> Choice:
        """Return what the steward chose."""
        alarms, removals = self._lines(self.ALARM), self._lines(self.REMOVE)
        decision = self.cleaned_data["decision"]
        if decision == self.BY_VALUE:
            decision = Decision.REDACT if removals else Decision.FALSE_ALARM
        return Choice(
            decision=Decision(decision),
            by=by,
            reason=self.cleaned_data["reason"],
            redactions=self.cleaned_data["boxes"],
            false_alarms=alarms,
            removals=removals,
            only_seen=not self.cleaned_data["unseen_too"],
        )

    def entered_boxes(self) -> list[dict[str, str]]:
        """Return the boxes as they were entered, one field of each side in every row."""
        entered = cast(QueryDict, self.data)
        sides = list(BoxForm.base_fields)
        columns = [entered.getlist(side) for side in sides]
        # A row that lacks a side is no box: it is refused, not left out.
        rows = zip_longest(*columns, fillvalue="")
        return [dict(zip(sides, row, strict=True)) for row in rows]

    def wish(self, line: int) -> str:
        """Return what was chosen for a finding."""
        return str(self.data.get(f"finding-{line}", ""))

    def _boxes(self) -> Iterator[Region]:
        boxes = self.entered_boxes()
        if len(boxes) > MOST_BOXES:
            raise forms.ValidationError(TOO_MANY_BOXES)
        for entered in boxes:
            box = BoxForm(entered)
            if not box.is_valid():
                raise forms.ValidationError(BAD_BOX)
            yield Region(frame=None, **box.cleaned_data)

    def _lines(self, wish: str) -> frozenset[int]:
        return frozenset(line for line in range(MOST_FINDINGS) if self.wish(line) == wish)


class BoxForm(forms.Form):
    """One box, in pixels of the image."""

    left = forms.IntegerField(min_value=0, max_value=LARGEST_IMAGE)
    top = forms.IntegerField(min_value=0, max_value=LARGEST_IMAGE)
    width = forms.IntegerField(min_value=1, max_value=LARGEST_IMAGE)
    height = forms.IntegerField(min_value=1, max_value=LARGEST_IMAGE)
