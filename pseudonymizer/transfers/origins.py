"""Files from the archive: who stands behind their pseudonym, and what was done to them before."""

import re
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext_noop

from pacs_portal.archive.models import Instance
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Project
from pseudonymizer.engine import (
    Context,
    Earlier,
    KnownPerson,
    Profile,
    PseudonymizationError,
    read_header,
)
from pseudonymizer.engine.profile import ENGINE_RULES
from pseudonymizer.errors import ProfileError
from pseudonymizer.models import RegistryPatient
from pseudonymizer.profiles.versions import NumberedProfile, known_profiles, profile_numbered
from pseudonymizer.registry.patients import current, date_shift_of, identity_of

_PROVENANCE = re.compile(
    r"pseudonymizer/\w+ profile/(?P<digest>\w+)(?: version/(?P<number>\d{1,9}))?"
)
UNKNOWN_PROFILE = gettext_noop(
    "It is not known how the dates of this image were treated. Upload the original instead."
)


def provenance(chosen: NumberedProfile) -> str:
    """Return what the archive keeps of how an instance was pseudonymized."""
    version = chosen.profile.version
    return f"pseudonymizer/{ENGINE_RULES} profile/{version} version/{chosen.number}"


def profile_behind(project: Project, made_by: str) -> Profile | None:
    """Return the profile of `project` that a provenance names; None if it names none."""
    match = _PROVENANCE.fullmatch(made_by)
    if match is None:
        return None
    if match["number"] is not None:
        try:
            return profile_numbered(project.pk, int(match["number"])).profile
        except ProfileError:
            return None
    profiles = (known.profile for known in known_profiles(project.pk))
    return next((known for known in profiles if known.version == match["digest"]), None)


def patient_named(project: Project, pseudonym: str) -> RegistryPatient | None:
    """Return the patient of `project` with exactly this pseudonym, merged or not."""
    patients = RegistryPatient.objects.select_related("project", "merged_into")
    return patients.filter(project=project, pseudonym=pseudonym).first()


def identity_behind(source: Project, named: GivenIdentity) -> GivenIdentity:
    """Return who stands behind the pseudonym that a file of `source` names; unseen by people.

    A file without a pseudonym of the source, as in a project that takes identities, speaks for
    itself.
    """
    patient = patient_named(source, named.patient_id)
    if patient is None:
        return named
    known = identity_of(current(patient))
    return replace(known, study_instance_uid=named.study_instance_uid)


def context_after(source: Project, path: Path, context: Context) -> Context:
    """Return the context for a file of a source: what was done to it, and who must not show.

    Raises
    ------
    PseudonymizationError
        If the file carries a pseudonym and nobody knows by which profile it was made.
    """
    header = read_header(path)
    patient = patient_named(source, header.identity.patient_id)
    if patient is None:
        return context
    profile = profile_behind(source, _provenance_of(source, header.sop_instance_uid))
    if profile is None:
        raise PseudonymizationError("unknown-profile", UNKNOWN_PROFILE)
    here, there = context.known, known_of(patient)
    known = KnownPerson(
        names=here.names + there.names,
        ids=(*here.ids, *there.ids, patient.pseudonym),
        birth_dates=here.birth_dates + there.birth_dates,
    )
    return replace(context, earlier=Earlier(profile, date_shift_of(patient)), known=known)


def _provenance_of(source: Project, sop_instance_uid: str) -> str:
    stored = Instance.objects.filter(
        sop_instance_uid=sop_instance_uid, series__study__project=source
    )
    return stored.values_list("provenance", flat=True).first() or ""


def known_of(patient: RegistryPatient) -> KnownPerson:
    """Return what the registry knows of a patient; no output may say it."""
    identities = [identity_of(one) for one in {patient, current(patient)}]
    return KnownPerson(
        names=tuple(identity.name for identity in identities if identity.name),
        ids=tuple(identity.patient_id for identity in identities if identity.patient_id),
        birth_dates=tuple(i.birth_date for i in identities if i.birth_date),
    )
