"""Whether a data steward may look into a held file alone: who guards the identities decides.

What was found in a file, its pictures and the file itself say who the patient is. Where a project
wants two people for an identity, it wants them here, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import HeldFile
from pacs_portal.tools import Text


@dataclass(frozen=True)
class Refusal:
    """Why she may not look yet, and the page on which she asks."""

    sentence: Text
    url: str


class LookRefusedError(JobError):
    """Somebody else has to agree before this person may look."""


# Over held files of one project: the refusals, by held file.
LookCheck = Callable[[Sequence[HeldFile], User], Mapping[UUID, Refusal]]
_checks: list[LookCheck] = []


def register_look_check(check: LookCheck) -> None:
    """Let the keeper of the identities say who may look; tools call this in AppConfig.ready()."""
    if check not in _checks:
        _checks.append(check)


def refusals_of(holds: Sequence[HeldFile], by: User) -> dict[UUID, Refusal]:
    """Return into which of `holds`, all of one project, `by` may not look, and why."""
    return {pk: refusal for check in _checks for pk, refusal in check(holds, by).items()}


def refusal_of(held: HeldFile, by: User) -> Refusal | None:
    """Return why `by` may not look into `held`, or None."""
    return refusals_of([held], by).get(held.pk)


def check_look(held: HeldFile, by: User) -> None:
    """Refuse a look that takes somebody else's consent.

    Raises
    ------
    LookRefusedError
        If it does.
    """
    if refusal := refusal_of(held, by):
        raise LookRefusedError(str(refusal.sentence))
