"""What an earlier de-identification made of a file that goes through another one."""

from dataclasses import dataclass, field

from pseudonymizer.engine.options import (
    CHARACTERISTICS,
    DEVICE,
    FULL_DATES,
    INSTITUTION,
    MODIFIED_DATES,
    SAFE_PRIVATE,
    UIDS,
    Option,
)
from pseudonymizer.engine.profile import Action, Profile

_RETAINING = frozenset(
    {MODIFIED_DATES, FULL_DATES, CHARACTERISTICS, DEVICE, INSTITUTION, UIDS, SAFE_PRIVATE}
)


@dataclass(frozen=True)
class Earlier:
    """The profile that a file went through before, and by how many days its dates were moved."""

    profile: Profile
    date_shift_days: int = field(repr=False)

    def days_at(self, tag: int, vr: str) -> int | None:
        """Return by how many days the dates of an attribute were moved; None if they are no dates.

        Parameters
        ----------
        tag : int
            The attribute.
        vr : str
            The VR that the file gives it.

        Returns
        -------
        int or None
            0 where the profile kept the original dates; None where it wrote a constant, which
            betrays the shift if it is moved.
        """
        action = self.profile.rule_for(tag, vr).action
        if action is Action.REPLACE:
            return None
        return self.date_shift_days if action is Action.SHIFT else 0

    def still_holds(self, option: Option) -> bool:
        """Tell whether what `option` retains was still there, so that its code is true."""
        kept = self.profile.options
        if option is MODIFIED_DATES and FULL_DATES in kept:
            return True
        return option not in _RETAINING or option in kept
