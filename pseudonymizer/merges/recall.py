"""What a merge cannot reach any more: copies that left under the former pseudonym."""

from dataclasses import dataclass

from django.db.models import Q

from pacs_portal.archive.models import Study
from pacs_portal.archive.services import studies_of
from pacs_portal.audit.models import Event
from pacs_portal.jobs.models import Destination, Job
from pseudonymizer.disclosure.limits import EXPORTED
from pseudonymizer.merges.moving import came_from_gone, instances_named, with_aliases
from pseudonymizer.models import PatientMerge
from pseudonymizer.transfers.transfer import TRANSFERRED

MOST_ROWS = 200


@dataclass(frozen=True)
class BeyondRecall:
    """Downloads and folders of jobs, exported mappings, and copies in other projects."""

    jobs: tuple[Job, ...]
    exports: tuple[Event, ...]
    copies: tuple[Event, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is known to have left."""
        return not (self.jobs or self.exports or self.copies)


def beyond_recall(merge: PatientMerge) -> BeyondRecall:
    """Return what left with images or the identity of who was merged, newest first."""
    patients = [str(pk) for pk in with_aliases(merge.gone)]
    jobs = Job.objects.filter(
        project=merge.project_id,
        destination__in=[Destination.DOWNLOAD, Destination.FOLDER],
        parts__units__plan__patient__in=patients,
    )
    exports = Event.objects.filter(
        project_id=merge.project_id, action=EXPORTED, at__gte=merge.gone.created_at
    )
    copies = Event.objects.filter(
        project_id=merge.project_id,
        action=TRANSFERRED,
        target_id__in=[str(study.pk) for study in _her_studies(merge)],
    )
    return BeyondRecall(
        jobs=tuple(jobs.select_related("created_by").distinct()[:MOST_ROWS]),
        exports=tuple(exports.select_related("actor")[:MOST_ROWS]),
        copies=tuple(copies.select_related("actor")[:MOST_ROWS]),
    )


def _her_studies(merge: PatientMerge) -> list[Study]:
    named = instances_named(merge.project, merge.gone.pseudonym)
    return list(
        Study.objects.filter(
            Q(pk__in=studies_of(named).values("pk"))
            | Q(pk__in=studies_of(came_from_gone(merge)).values("pk"))
        )
    )
