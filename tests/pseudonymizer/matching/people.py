"""Identities for the tests of this folder."""

from dataclasses import dataclass

from pseudonymizer.matching.people import Person, person_of


@dataclass(frozen=True)
class Someone:
    """An identity as the matching takes it; each test replaces what it is about."""

    name: str = "Zwirbelmayr^Hans"
    patient_id: str = "A-471108"
    issuer: str = "CLINIC"
    birth_date: str = "19560228"
    sex: str = "M"
    study_instance_uid: str = ""


def person(**fields: str) -> Person:
    found = person_of(Someone(**fields))
    assert found is not None
    return found
