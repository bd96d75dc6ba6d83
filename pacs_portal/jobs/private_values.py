"""What a plan fixed for a unit and what identifies a patient: sealed for the unit's row."""

import json
from collections.abc import Mapping

from pacs_portal.jobs.models import JobUnit
from pacs_portal.jobs.steps import PrivateValues
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys


def set_private_values(unit: JobUnit, values: PrivateValues, keys: SealingKeys) -> None:
    """Seal `values` for a unit that has its part and number; the caller saves it."""
    plain = json.dumps(dict(values)).encode()
    sealed = keys.seal(Label.PLANS, plain, context=_context(unit)) if values else None
    unit.sealed_values = sealed


def private_values_of(unit: JobUnit, keys: ProjectKeys) -> PrivateValues:
    """Return what was sealed for the unit."""
    if unit.sealed_values is None:
        return {}
    plain = keys.unseal(Label.PLANS, bytes(unit.sealed_values), context=_context(unit))
    values: Mapping[str, object] = json.loads(plain)
    return values


def _context(unit: JobUnit) -> str:
    return f"{unit.part_id}/{unit.number}"
