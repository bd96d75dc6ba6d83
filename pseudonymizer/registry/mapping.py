"""The mapping of pseudonyms to patients as a table, for those who may have it."""

import csv
import re
from collections.abc import Iterable, Iterator

from pacs_portal.projects.keys import ProjectKeys
from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry.patients import current, identity_of

COLUMNS = (
    *("pseudonym", "patient_id", "issuer_of_patient_id", "patient_name", "birth_date", "sex"),
    *("registered_at", "job", "replaced_by"),
)
# A spreadsheet takes for a formula what starts like this, at the beginning of a cell or, where
# its language lets another sign part cells, behind that sign; CSV's own quotes may stand between.
_STARTS = r"(?=[=+\-@\uff0b\uff0d\uff1d\uff20\t\r\n])"
_PARTED = r"(\A|[;|\t\r\n][ \"]*)"
_WOULD_RUN = re.compile(f"{_PARTED}('*){_STARTS}")
_IS_QUOTED = re.compile(f"{_PARTED}'('*){_STARTS}")


def mapping_lines(patients: Iterable[RegistryPatient], keys: ProjectKeys) -> Iterator[str]:
    """Yield the mapping of `patients` as lines of CSV, so that no table is held in memory.

    `keys` were read before the first patient is: a slow receiver then outlives a rotation.
    """
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for patient in patients:
        yield writer.writerow(map(spreadsheet_safe, _row(patient, keys)))


def spreadsheet_safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; `original_cell` undoes it."""
    return _WOULD_RUN.sub(r"\1'\2", cell)


def original_cell(cell: str) -> str:
    """Return what `spreadsheet_safe` made this cell of."""
    return _IS_QUOTED.sub(r"\1\2", cell)


def _row(patient: RegistryPatient, keys: ProjectKeys) -> tuple[str, ...]:
    identity = identity_of(patient, keys)
    stays = current(patient)
    return (
        patient.pseudonym,
        identity.patient_id,
        identity.issuer,
        identity.name,
        identity.birth_date,
        identity.sex,
        patient.created_at.isoformat(timespec="seconds"),
        str(patient.first_job_id or ""),
        stays.pseudonym if stays != patient else "",
    )


class _Line:
    """Hands each written line back to who writes it."""

    def write(self, text: str) -> str:
        return text
