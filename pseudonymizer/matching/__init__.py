"""Who may be whom: identities are normalized, blocked, compared, weighed and put into zones.

Pure Python: identities in, judgments out. What is stored, and under which keys, is the caller's.
"""
