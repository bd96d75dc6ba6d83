"""A series to put outputs in, and the attributes that a person may give."""

import hashlib

from converter.engine import Attributes, Series

GIVEN = Attributes(
    patient_id="P-17",
    patient_name="Müller^Änne",
    patient_birth_date="19560203",
    patient_sex="F",
    study_date="20250607",
    study_time="081530",
    study_description="Verlauf",
    accession_number="A-9",
    body_part="KNEE",
    laterality="L",
)


def a_series(**changes: object) -> Series:
    values = {
        "study_instance_uid": "2.25.11",
        "series_instance_uid": "2.25.12",
        "uid_seed": hashlib.sha256(b"a test's own secret").digest(),
        "series_number": 3,
    }
    return Series(**{**values, **changes})
