"""What jobs want to know of an instance that the engine wrote."""

from pacs_portal.jobs.steps import InstanceFacts
from pseudonymizer.engine import Result


def facts_of(result: Result) -> InstanceFacts:
    """Return the facts of a file that the engine wrote."""
    return InstanceFacts(
        sop_class_uid=result.sop_class_uid,
        sop_instance_uid=result.sop_instance_uid,
        study_instance_uid=result.study_instance_uid,
        series_instance_uid=result.series_instance_uid,
        sha256=result.sha256,
        size_bytes=result.size_bytes,
        patient_id=result.patient_id,
    )
