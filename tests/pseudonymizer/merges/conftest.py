"""Patients with images in the archive."""

import pytest

from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry.patients import identity_of
from tests.pseudonymizer.merges.people import FRITZ, HANS, UTE
from tests.pseudonymizer.stored import (
    slice_bytes,
    store_files,
)


@pytest.fixture
def patients(project, member) -> tuple[RegistryPatient, RegistryPatient]:
    """Hans with one image, Ute with two."""
    store_files(
        project, member, slice_bytes(1, **HANS), slice_bytes(2, **UTE), slice_bytes(3, **UTE)
    )
    by_name = {identity_of(patient).name: patient for patient in project.patients.all()}
    return by_name[HANS["PatientName"]], by_name[UTE["PatientName"]]


@pytest.fixture
def third(project, patients, member) -> RegistryPatient:
    """Fritz, with one image."""
    store_files(project, member, slice_bytes(10, **FRITZ))
    return project.patients.exclude(pk__in=[patient.pk for patient in patients]).get()
