"""What can go wrong with the registry and with profiles."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from pseudonymizer.disclosure.approvals import Matter


class PseudonymizerError(Exception):
    """What cannot be done; its text is for people and quotes no value."""


class RegistryError(PseudonymizerError):
    """A registry operation that cannot be done."""


class MatchDecidedError(RegistryError):
    """Somebody decided about a possible match first."""


class ListError(PseudonymizerError):
    """A list of patients that cannot be read, or not be imported."""


class ListChangedError(ListError):
    """What was found when the list was checked holds no longer."""


class TooManyError(RegistryError):
    """A person has seen as much of the registry as anybody may in a while."""

    def __init__(self, action: str, within: timedelta) -> None:
        super().__init__(_("You have looked at too many identities in a short time."))
        self.action, self.within = action, within


class ApprovalNeededError(RegistryError):
    """The project wants two people for this, and no other data steward has approved it."""

    def __init__(self, matter: "Matter") -> None:
        super().__init__(_("Another data steward has to approve this first."))
        self.matter = matter


class ProfileError(PseudonymizerError):
    """A profile that is not there or may not be saved."""


class ProfileChangedError(ProfileError):
    """Somebody saved another version since the person began to edit."""
