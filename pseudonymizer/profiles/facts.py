"""What the page of a job says of the profile that it began with."""

from django.urls import reverse
from django.utils.translation import gettext as _

from pacs_portal.jobs.models import Job
from pacs_portal.tools import JobFact
from pseudonymizer.profiles.versions import DEFAULT_NUMBER


def facts_of_job(job: Job) -> tuple[JobFact, ...]:
    """Return the version of the profile, once the job has one."""
    number = job.options.get("profile_number")
    if number is None:
        return ()
    is_default = number == DEFAULT_NUMBER
    text = _("The portal's default") if is_default else _("Version %(number)s") % {"number": number}
    return (JobFact(_("Profile"), text, reverse("profile", args=[job.project.key])),)
