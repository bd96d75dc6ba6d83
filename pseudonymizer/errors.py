"""What can go wrong with the registry and with profiles."""


class PseudonymizerError(Exception):
    """What cannot be done; its text is for people and quotes no value."""


class RegistryError(PseudonymizerError):
    """A registry operation that cannot be done."""


class MatchDecidedError(RegistryError):
    """Somebody decided about a possible match first."""


class ProfileError(PseudonymizerError):
    """A profile that is not there or may not be saved."""


class ProfileChangedError(ProfileError):
    """Somebody saved another version since the person began to edit."""
