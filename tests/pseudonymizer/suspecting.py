"""Lets a patient of the registry wait, who may be another one."""

from pseudonymizer.models import PossibleMatch, RegistryPatient
from pseudonymizer.registry.likeness import suspect


def let_wait(patient: RegistryPatient, other: RegistryPatient, score: float = 20.0) -> None:
    """Save what the registry notes of a newcomer who may be `other`."""
    pairs = suspect(patient, [(other.pk, score)])
    patient.save(update_fields=["state"])
    PossibleMatch.objects.bulk_create(pairs)
