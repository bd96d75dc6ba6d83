"""How large a picture may be before it is more than one image."""

LARGE_SIDE = 16_384
"""A picture with a longer side becomes a pyramid: no viewer shows it whole."""
LARGEST_SIDE = 65535
"""Rows and Columns are unsigned 16 bit."""
