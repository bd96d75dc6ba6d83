"""What people may say about jobs."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.models import Destination, Outcome
from pacs_portal.jobs.pipelines import tool_names

FOR_PEOPLE = (Destination.ARCHIVE, Destination.DOWNLOAD)


class StartForm(forms.Form):
    """Which tool works on an upload, and where its results go."""

    tool = forms.ChoiceField(choices=lambda: [(name, name) for name in tool_names()])
    destination = forms.ChoiceField(choices=[(where.value, where.label) for where in FOR_PEOPLE])


class OutcomeFilter(forms.Form):
    """Which receipts to show."""

    outcome = forms.ChoiceField(choices=[("", _("all")), *Outcome.choices], required=False)


class RejectForm(forms.Form):
    """A steward's reason to reject a held file."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
