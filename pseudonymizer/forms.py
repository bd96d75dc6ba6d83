"""Forms of the registry."""

from typing import cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure import Reason


class ReasonForm(forms.Form):
    """Why an identity is shown or exported."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Choose a reason")), *Reason.choices],
        help_text=_("It is kept in the audit log, with your name and the time."),
    )

    @property
    def chosen(self) -> Reason:
        """The reason of a valid form."""
        return Reason(self.cleaned_data["reason"])


class TransferForm(forms.Form):
    """Where studies are to go."""

    target = forms.ModelChoiceField(
        label=_("Into the project"), queryset=Project.objects.none(), to_field_name="key"
    )

    def __init__(self, *args: object, targets: QuerySet[Project], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = cast(forms.ModelChoiceField, self.fields["target"])
        field.queryset = targets


class FindPatientForm(forms.Form):
    """An identity as it stands in the images; nothing of it is kept."""

    patient_id = forms.CharField(label=_("Patient ID"), max_length=64)
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("As in the images: family name^given name."),
    )
    birth_date = forms.DateField(
        label=_("Birth date"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    issuer = forms.CharField(
        label=_("Issuer of the ID"),
        max_length=64,
        required=False,
        help_text=_("Only where the images name one."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def identity(self) -> GivenIdentity:
        """Return what the person typed, in DICOM's spelling."""
        typed = self.cleaned_data
        birth_date = typed["birth_date"]
        return GivenIdentity(
            patient_id=typed["patient_id"],
            issuer=typed["issuer"],
            name=typed["name"],
            birth_date=f"{birth_date:%Y%m%d}" if birth_date else "",
        )
