"""What will come out of images, told from their names and kinds before a job starts."""

from collections.abc import Mapping, Sequence
from typing import Any

from converter.options import VOLUME_KINDS, ConvertOptions
from converter.pairs import COMPANION_KINDS, whole_sources
from pacs_portal.jobs.review.outlooks import Foreseen, Surprise
from pacs_portal.jobs.steps import StepFile
from pacs_portal.projects.models import Project

FORM = "converter.forms.ConvertForm"


def foresee(project: Project, files: Sequence[StepFile], options: Mapping[str, Any]) -> Foreseen:
    """Return how many patients, studies and series the files become."""
    chosen = ConvertOptions.of_job(options)
    whole, verdicts = whole_sources(files)
    pictures, volumes = set(), 0
    studies = set()
    for file in whole:
        study = file.relative_path.parent, chosen.attributes_of(file.relative_path)
        studies.add(study)
        if file.kind in VOLUME_KINDS:
            volumes += 1
        elif file.kind not in COMPANION_KINDS:
            pictures.add(study)
    reasons = dict.fromkeys(verdict.sentence for verdict in verdicts)
    surprises = [
        Surprise(reason, tuple(v.receipt_id for v in verdicts if v.sentence == reason))
        for reason in reasons
    ]
    return Foreseen(
        patients=len({(a.patient_id, a.patient_name) for _, a in studies}),
        studies=len(studies),
        series=len(pictures) + volumes,
        surprises=tuple(surprises),
    )
