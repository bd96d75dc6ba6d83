"""What can go wrong before a conversion starts."""


class MetadataError(Exception):
    """A table of attributes that cannot be used; its text is for people and quotes no value."""
