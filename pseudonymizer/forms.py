"""Forms of the registry."""

from typing import cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text
from pseudonymizer.disclosure.approvals import Matter
from pseudonymizer.matches.decisions import REASONS_FOR_DIFFERENT, REASONS_FOR_SAME, Judgment
from pseudonymizer.models import (
    LOOK_REASONS,
    RULE_REASONS,
    Disclosure,
    MatchReason,
    Reason,
    RegistryPatient,
)


class ReasonForm(forms.Form):
    """Why an identity is shown or exported."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Choose a reason")), *((r.value, r.label) for r in LOOK_REASONS)],
        help_text=_("It is kept in the audit log, with your name and the time."),
    )

    @property
    def chosen(self) -> Reason:
        """The reason of a valid form."""
        return Reason(self.cleaned_data["reason"])


def _reasons(reasons: tuple[MatchReason, ...]) -> list[tuple[str, Text]]:
    return [("", _("Choose a reason")), *((reason.value, reason.label) for reason in reasons)]


class MergeForm(forms.Form):
    """Which of two patients stays, and what says that they are one."""

    kept = forms.ChoiceField(
        label=_("Which pseudonym stays"),
        widget=forms.RadioSelect,
        help_text=_("The one that more people outside know."),
    )
    reason = forms.ChoiceField(
        label=_("What says that they are one person"), choices=_reasons(REASONS_FOR_SAME)
    )

    def __init__(
        self, *args: object, pair: tuple[RegistryPatient, RegistryPatient], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._patients = {str(patient.pk): patient for patient in pair}
        field = cast(forms.ChoiceField, self.fields["kept"])
        field.choices = [(pk, patient.pseudonym) for pk, patient in self._patients.items()]

    @property
    def chosen_patient(self) -> RegistryPatient:
        """The patient who stays, of a valid form."""
        return self._patients[self.cleaned_data["kept"]]

    @property
    def chosen(self) -> MatchReason:
        """The reason of a valid form."""
        return MatchReason(self.cleaned_data["reason"])


class UndoForm(forms.Form):
    """What says that two merged patients are two people."""

    reason = forms.ChoiceField(
        label=_("What says that they are two people"), choices=_reasons(REASONS_FOR_DIFFERENT)
    )

    @property
    def chosen(self) -> MatchReason:
        """The reason of a valid form."""
        return MatchReason(self.cleaned_data["reason"])


class TransferForm(forms.Form):
    """Where studies are to go."""

    target = forms.ModelChoiceField(
        label=_("Into the project"),
        queryset=Project.objects.none(),
        to_field_name="key",
        empty_label=_("Choose a project"),
    )

    def __init__(self, *args: object, targets: QuerySet[Project], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = cast(forms.ModelChoiceField, self.fields["target"])
        field.queryset = targets


class AskForm(forms.Form):
    """What another data steward is asked to approve."""

    kind = forms.ChoiceField(choices=Disclosure.choices, widget=forms.HiddenInput)
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    other = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("Reason"),
        help_text=_("It is shown to the other data stewards and kept in the audit log."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        is_rule = self["kind"].value() == Disclosure.RULE_OFF
        reasons = RULE_REASONS if is_rule else LOOK_REASONS
        choices = [("", _("Choose a reason")), *((r.value, r.label) for r in reasons)]
        self.fields["reason"] = forms.ChoiceField(
            label=self.fields["reason"].label,
            help_text=self.fields["reason"].help_text,
            choices=choices,
        )

    @classmethod
    def about(cls, matter: Matter) -> "AskForm":
        """Return the form that asks about `matter`."""
        asked = {"kind": matter.kind, "patient": matter.patient, "other": matter.other}
        initial = {name: getattr(value, "pk", value) for name, value in asked.items()}
        return cls(auto_id=f"id_ask_{matter.kind}_%s", initial=initial)

    @property
    def chosen_kind(self) -> Disclosure:
        """What a valid form asks for."""
        return Disclosure(self.cleaned_data["kind"])

    @property
    def chosen(self) -> Reason:
        """The reason of a valid form."""
        return Reason(self.cleaned_data["reason"])


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


class JudgmentForm(forms.Form):
    """What a decision about a possible match rests on; each decision has its own reasons."""

    def __init__(self, *args: object, is_same: bool, alike: int = 0, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.is_same = is_same
        reasons = REASONS_FOR_SAME if is_same else REASONS_FOR_DIFFERENT
        self.fields["reason"] = forms.ChoiceField(label=_("Reason"), choices=_reasons(reasons))
        if alike:
            self.fields["for_alike"] = forms.BooleanField(
                required=False,
                label=ngettext_lazy(
                    "Also for %d other new patient whose record says exactly the same",
                    "Also for %d other new patients whose records say exactly the same",
                    alike,
                )
                % alike,
            )

    @property
    def for_alike(self) -> bool:
        """Whether a valid form decides about all who are like this one."""
        return bool(self.cleaned_data.get("for_alike"))

    @property
    def judgment(self) -> Judgment:
        """The decision of a valid form."""
        return Judgment(self.is_same, MatchReason(self.cleaned_data["reason"]))
