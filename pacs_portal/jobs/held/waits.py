"""What held files wait for, other than a decision about themselves.

Every start of the portal loads this, so it is light.
"""

from collections.abc import Callable, Sequence

from pacs_portal.jobs.steps import PlanValues

AreOver = Callable[[Sequence[PlanValues]], Sequence[bool]]
_waits: dict[str, AreOver] = {}


def register_wait(cause: str, are_over: AreOver) -> None:
    """Let files held for `cause` wait until `are_over` says so of their units' plans."""
    _waits[cause] = are_over


def registered_waits() -> dict[str, AreOver]:
    """Return, by cause, what says that a wait is over."""
    return dict(_waits)
