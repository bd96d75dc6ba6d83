"""What can go wrong with the registry."""


class RegistryError(Exception):
    """A registry operation that cannot be done; its text is for people and quotes no value."""
