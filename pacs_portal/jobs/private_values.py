"""What a plan fixed for a unit and what identifies a patient: sealed for the unit's row."""

import json
from collections.abc import Mapping

from pacs_portal.jobs.models import JobUnit
from pacs_portal.jobs.steps import PrivateValues
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys


def seal_private_values(
    part_id: int, number: int, values: PrivateValues, keys: SealingKeys
) -> bytes | None:
    """Seal `values` for the unit of this number in its part."""
    if not values:
        return None
    plain = json.dumps(dict(values)).encode()
    return keys.seal(Label.PLANS, plain, context=_context(part_id, number))


def private_values_of(unit: JobUnit, keys: ProjectKeys) -> PrivateValues:
    """Return what was sealed for the unit."""
    if unit.sealed_values is None:
        return {}
    plain = keys.unseal(
        Label.PLANS, bytes(unit.sealed_values), context=_context(unit.part_id, unit.number)
    )
    values: Mapping[str, object] = json.loads(plain)
    return values


def _context(part_id: int, number: int) -> str:
    return f"{part_id}/{number}"
