"""Files that wait for a data steward: why, what she sees of them, and what she decides."""
