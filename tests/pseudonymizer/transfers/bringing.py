"""The study of Hans, and how it is brought into another project."""

from datetime import date, timedelta

from pacs_portal.archive.models import Study
from pacs_portal.jobs.worker import run_job_here
from pseudonymizer.transfers.transfer import transfer

STUDY_DATE = date(2004, 1, 19)
HANS = {
    "StudyDate": "20040119",
    "ContentDate": "20040119",
    "StudyInstanceUID": "1.2.3.4",
    "PatientID": "A-471108",
    "PatientName": "Zwirbelmayr^Hans",
    "PatientBirthDate": "19560228",
    "IssuerOfPatientID": "Clinic",
}


def bring(project, target, steward):
    job = transfer(studies=list(Study.objects.filter(project=project)), into=target, by=steward)
    run_job_here(job)
    return job


def moved(days: int) -> str:
    return f"{STUDY_DATE + timedelta(days=days):%Y%m%d}"
