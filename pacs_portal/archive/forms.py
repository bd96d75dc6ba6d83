"""What the study list may be asked for."""

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from pacs_portal.archive.models import Series, Study
from pacs_portal.projects.models import Project

ORDERS = {
    "added": "created_at",
    "patient": "patient_id",
    "date": "study_date",
    "description": "study_description",
    "instances": "instance_count",
}
DEFAULT_ORDER = "-added"


class StudyFilterForm(forms.Form):
    """Search, filters and order of the study list; everything may be left out."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    modality = forms.ChoiceField(label=_("Modality"), required=False)
    first = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    order = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, project: Project, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.project = project
        modality = self.fields["modality"]
        assert isinstance(modality, forms.ChoiceField)  # noqa: S101 (told to the type checker)
        modality.choices = [("", _("Any modality")), *((name, name) for name in self._modalities())]

    def _modalities(self) -> list[str]:
        series = Series.objects.filter(study__project=self.project, instance_count__gt=0)
        names = series.exclude(modality="").order_by("modality")
        return list(names.values_list("modality", flat=True).distinct())

    @property
    def order_name(self) -> str:
        """Return the order asked for, "-" first when it is falling."""
        asked = self.cleaned_data.get("order", "")
        return asked if asked.removeprefix("-") in ORDERS else DEFAULT_ORDER

    def chosen(self, studies: QuerySet[Study]) -> QuerySet[Study]:
        """Return those of `studies` that are asked for; what makes no sense is left out."""
        asked = self.cleaned_data
        for word in asked.get("q", "").split():
            studies = studies.filter(
                Q(patient_id__icontains=word)
                | Q(study_description__icontains=word)
                | Q(study_instance_uid__contains=word)
            )
        if asked.get("modality"):
            series = Series.objects.filter(modality=asked["modality"], instance_count__gt=0)
            studies = studies.filter(pk__in=series.values("study_id"))
        if asked.get("first"):
            studies = studies.filter(study_date__gte=f"{asked['first']:%Y%m%d}")
        if asked.get("last"):
            studies = studies.filter(study_date__gt="", study_date__lte=f"{asked['last']:%Y%m%d}")
        return studies.order_by(*self._ordering())

    def _ordering(self) -> tuple[str, str]:
        name = self.order_name
        sign = "-" if name.startswith("-") else ""
        return f"{sign}{ORDERS[name.removeprefix('-')]}", "pk"
