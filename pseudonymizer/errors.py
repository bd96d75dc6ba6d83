"""What can go wrong with the registry and with profiles."""


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


class ProfileError(PseudonymizerError):
    """A profile that is not there or may not be saved."""


class ProfileChangedError(ProfileError):
    """Somebody saved another version since the person began to edit."""
