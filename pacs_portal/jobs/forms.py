"""What people may say about jobs."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.models import Decision, Destination, Outcome
from pacs_portal.jobs.pipelines import tool_names

FOR_PEOPLE = (Destination.ARCHIVE, Destination.DOWNLOAD)


class StartForm(forms.Form):
    """Which tool works on an upload, and where its results go."""

    tool = forms.ChoiceField(choices=lambda: [(name, name) for name in tool_names()])
    destination = forms.ChoiceField(choices=[(where.value, where.label) for where in FOR_PEOPLE])


class OutcomeFilter(forms.Form):
    """Which receipts to show."""

    outcome = forms.ChoiceField(choices=[("", _("all")), *Outcome.choices], required=False)


class DecisionForm(forms.Form):
    """What a steward decides about held files of one cause, and why."""

    held = forms.TypedMultipleChoiceField(
        coerce=UUID, error_messages={"required": _("Select at least one file.")}
    )
    decision = forms.ChoiceField(choices=Decision.choices)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say in a few words why you decide so.")},
    )

    def __init__(self, *args: Any, held_ids: Iterable[UUID] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = cast(forms.TypedMultipleChoiceField, self.fields["held"])
        choices.choices = [(str(held_id), str(held_id)) for held_id in held_ids]
