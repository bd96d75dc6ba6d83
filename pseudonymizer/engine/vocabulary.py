"""Clean descriptions: only words of a fixed list survive."""

import re
from functools import cache

from pseudonymizer.engine.attributes import TABLES

VOCABULARY = "vocabulary.txt"
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")  # bytes above ASCII belong to the word beside them
_ESCAPE = b"\x1b"  # begins another character set, in which ASCII bytes are no letters


@cache
def words() -> frozenset[str]:
    """Return the words that survive, in small letters."""
    lines = (TABLES / VOCABULARY).read_text(encoding="ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _words_as_bytes() -> frozenset[bytes]:
    return frozenset(word.encode() for word in words())


def clean_text(value: bytes) -> bytes:
    """Return the listed words of a text, one space between them.

    Parameters
    ----------
    value : bytes
        Text in any character set of PS3.5 6.1; one value or several.

    Returns
    -------
    bytes
        ASCII; empty if no word is listed.

    References
    ----------
    DICOM PS3.15 E.3.5, Clean Descriptors Option.
    """
    if _ESCAPE in value:
        return b""
    cleaned = (_clean_one(part) for part in value.split(b"\\"))
    return b"\\".join(part for part in cleaned if part)


def _clean_one(value: bytes) -> bytes:
    return b" ".join(word for word in _WORD.findall(value) if word.lower() in _words_as_bytes())
