"""The form of the conversion page."""

from datetime import date
from typing import cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from converter.cells import is_future
from converter.options import (
    PATIENT_FIELDS,
    PICTURE_KINDS,
    SLIDE_KIND,
    VOLUME_KINDS,
    VOLUME_SWITCHES,
)
from converter.statements import NO_FACES, NOBODY_SEEN, WHO_STATES_IT
from converter.trees import FOLDER, RULES
from pacs_portal.archive.models import Study, StudyState
from pacs_portal.jobs.joining import joinable_study
from pacs_portal.jobs.models import Destination
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.tool_page import Section, ToolForm
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text

MODALITIES = [
    ("", _("as the files show")),
    ("MR", _("MR, magnetic resonance")),
    ("CT", _("CT, computed tomography")),
    ("PT", _("PT, positron emission tomography")),
    ("XC", _("XC, photograph")),
    ("US", _("US, ultrasound")),
    ("DX", _("DX, X-ray")),
    ("ES", _("ES, endoscopy")),
    ("GM", _("GM, microscopy")),
    ("OP", _("OP, photograph of the eye")),
    ("OT", _("OT, other")),
]
MOST_STUDIES = 200  # offered, the newest first
PATIENT_AND_STUDY = (*PATIENT_FIELDS, "study_date", "study_description")
PHOTOGRAPH = {"": None, "yes": True, "no": False}


def study_choices(project: Project, chosen: str) -> list[tuple[str, object]]:
    """Return the newest studies of a project, and the chosen one, as people read them."""
    stored = Study.objects.filter(project=project, state=StudyState.STORED)
    newest = list(stored.order_by("-created_at")[:MOST_STUDIES])
    if chosen and chosen not in {study.study_instance_uid for study in newest}:
        newest += stored.filter(study_instance_uid=chosen)
    return [("", _("no study: make new ones")), *((s.study_instance_uid, told(s)) for s in newest)]


def told(study: Study) -> str:
    """Return a study in a line: pseudonym, day, modalities, description, images."""
    day = f"{study.day:%Y-%m-%d}" if study.day else ""
    parts = (study.patient_id, day, "/".join(study.modalities), study.study_description)
    return " · ".join(part for part in parts if part) or study.study_instance_uid


def _not_in_future(day: date) -> None:
    if is_future(day):
        raise forms.ValidationError(_("This date lies in the future."))


class ConvertForm(ToolForm):
    """What files do not tell themselves."""

    sections = (
        Section(_("Volumes"), ("volumes", *VOLUME_SWITCHES)),
        Section(_("Slides"), ("overview",)),
        Section(_("Patient and study"), PATIENT_AND_STUDY),
    )
    only_for = {
        "photograph": PICTURE_KINDS,
        **dict.fromkeys(("volumes", *VOLUME_SWITCHES), VOLUME_KINDS),
        "overview": frozenset({SLIDE_KIND}),
    }

    modality = forms.ChoiceField(
        label=_("Modality"),
        choices=MODALITIES,
        required=False,
        help_text=_(
            "Unless chosen: MR for volumes (or what a sidecar says), XC for photographs, "
            "OT for other pictures. Slides are always SM."
        ),
    )
    tree = forms.ChoiceField(
        label=_("Folders"),
        choices=list(RULES.items()),
        initial=FOLDER,
        required=False,
        help_text=_(
            "Where a folder is a patient, its name is the patient ID, unless a table or a field "
            "of this page names the patient."
        ),
    )
    study = forms.CharField(
        label=_("Append to"),
        required=False,
        widget=forms.Select,
        help_text=_(
            "All images join a study of this project, as new series; it says whose they are."
        ),
    )
    photograph = forms.ChoiceField(
        label=_("Photographs"),
        choices=[
            ("", _("as each file shows")),
            ("yes", _("all pictures are photographs")),
            ("no", _("no picture is a photograph")),
        ],
        required=False,
    )
    volumes = forms.ChoiceField(
        label=_("Volumes are"),
        choices=[
            ("", _("as each shows")),
            ("images", _("all images")),
            ("labels", _("all label maps")),
        ],
        required=False,
        help_text=_(
            "A label map becomes a DICOM Segmentation of the volume beside it. It is known by its "
            "intent code, or by a name that ends in _dseg, _seg, _mask or -label."
        ),
    )
    assume_orientation = forms.BooleanField(
        label=_("Volumes without an orientation lie right, anterior, superior."),
        required=False,
        help_text=_(
            "Else they are refused. If it is wrong, left and right are exchanged in the images; "
            "each says that it was assumed."
        ),
    )
    straighten = forms.BooleanField(
        label=_("Resample volumes whose axes are not at right angles."),
        required=False,
        help_text=_("Else they are refused. Images are interpolated, labels take the nearest."),
    )
    parametric_maps = forms.BooleanField(
        label=_("Keep the numbers of volumes in floating point."),
        required=False,
        help_text=_(
            "They become Parametric Maps, which the viewer does not show. "
            "Else they are scaled to 16 bit."
        ),
    )
    no_faces = forms.BooleanField(label=NOBODY_SEEN, help_text=WHO_STATES_IT, required=False)
    overview = forms.BooleanField(
        label=_("Keep the overview of slides"),
        help_text=_(
            "A small picture of the whole glass. It may show the label and the name on it, so "
            "the slide waits for a data steward. The label by itself is never kept."
        ),
        required=False,
    )
    patient_id = forms.CharField(label=_("Patient ID"), max_length=64, required=False)
    patient_name = forms.CharField(
        label=_("Name"),
        max_length=64,
        required=False,
        help_text=_("Family name^given name"),
    )
    patient_birth_date = forms.DateField(
        label=_("Birth date"),
        required=False,
        validators=[_not_in_future],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    patient_sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", "–"), ("F", _("female")), ("M", _("male")), ("O", _("other"))],
        required=False,
    )
    study_date = forms.DateField(
        label=_("Study date"),
        required=False,
        validators=[_not_in_future],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    study_description = forms.CharField(label=_("Study description"), max_length=64, required=False)

    def __init__(self, *args: object, project: Project, **kwargs: object) -> None:
        super().__init__(*args, project=project, **kwargs)
        chosen = str(self.data.get("study", "")) if self.is_bound else ""
        cast(forms.Select, self.fields["study"].widget).choices = study_choices(project, chosen)

    def clean_study(self) -> str:
        """Take a stored study of this project and nobody else's."""
        uid = str(self.cleaned_data["study"])
        if uid and joinable_study(self.project, uid) is None:
            raise forms.ValidationError(_("There is no such study in this project."))
        return uid

    def help_of(self, section: Section) -> Text:
        """Return what becomes of the patient typed here."""
        if section.names != PATIENT_AND_STUDY:
            return super().help_of(section)
        if self.project.accepts_identified:
            return gettext("The images carry what you type here.")
        return gettext(
            "Images carry a pseudonym instead; only data stewards see what you type here."
        )

    def clean(self) -> dict[str, object]:
        """Refuse what contradicts itself."""
        given = super().clean() or {}
        if given.get("photograph") == "yes" and given.get("modality") not in {"", "XC"}:
            self.add_error("modality", _("Photographs have the modality XC."))
        if given.get("study"):
            self._check_joining(given)
        return given

    def _check_joining(self, given: dict[str, object]) -> None:
        if any(given.get(name) for name in PATIENT_AND_STUDY):
            self.add_error(
                "study", _("The study says whose it is. Leave patient and study empty below.")
            )
        if given.get("destination") != Destination.ARCHIVE:
            self.add_error("study", _("Images join a study in the archive only."))

    def job_options(self) -> JobOptions:
        """Return the options; whatever describes the patient is sealed."""
        given = self.cleaned_data
        sealed = {
            name: f"{given[name]:%Y%m%d}" if name.endswith("_date") else given[name]
            for name in PATIENT_AND_STUDY
            if given[name]
        }
        photograph = PHOTOGRAPH[given["photograph"]]
        return JobOptions(
            open={
                "modality": given["modality"],
                "photograph": photograph,
                "volumes": given["volumes"],
                **{name: given[name] for name in VOLUME_SWITCHES},
                NO_FACES.name: given[NO_FACES.name],
                "overview": given["overview"],
                "tree": given["tree"] or FOLDER,
                "study": given["study"],
            },
            sealed=sealed,
        )
