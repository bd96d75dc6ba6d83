"""What tools do from time to time; every start of the portal loads this, so it is light."""

from collections.abc import Callable

_chores: list[Callable[[], None]] = []


def register_chore(chore: Callable[[], None]) -> None:
    """Let a tool do something of its own from time to time, safe in several processes at once."""
    if chore not in _chores:
        _chores.append(chore)


def registered_chores() -> tuple[Callable[[], None], ...]:
    """Return what the tools registered."""
    return tuple(_chores)
