"""Pseudonyms and UIDs: what stands where an identifier was."""

import hmac
import re
import uuid

from pseudonymizer.engine.dictionary import is_listed_uid

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
FEWEST_RANDOM_BYTES = 5
SHORTEST_KEY_BYTES = 16

_PREFIX = re.compile(r"[A-Za-z0-9-]{1,32}")
_STANDARD_UID = re.compile(r"1\.2\.840\.10008(\.(0|[1-9][0-9]{0,4})){1,9}")
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)

# Coding schemes outside the DICOM root that PS3.16 section 8 registers; they name no instance.
CODING_SCHEME_UIDS = frozenset(
    [f"2.16.840.1.113883.6.{arc}" for arc in
     ("1", "2", "3", "3.1", "3.2", "4", "5", "6", "8", "12", "24", "43.1", "86", "88", "90",
      "96", "119", "177", "256")]
    + ["2.16.840.1.113883.3.26.1.1", "2.16.840.1.113883.6.5.2", "1.2.840.10065.1.12"]
)  # fmt: skip


def new_pseudonym(prefix: str, random_bytes: bytes) -> str:
    """Return a pseudonym: prefix, random symbols and a check character.

    Parameters
    ----------
    prefix : str
        The project's prefix: letters, digits and hyphens, at most 32.
    random_bytes : bytes
        At least 5 bytes from a cryptographic source; 5 bytes make 8 symbols.

    Returns
    -------
    str
        For example ``CT-7QF3K0ZB`` and one check character more.

    Raises
    ------
    ValueError
        If the prefix has other characters or the randomness is too short.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("A prefix has 1 to 32 letters, digits or hyphens.")
    if len(random_bytes) < FEWEST_RANDOM_BYTES:
        raise ValueError(f"A pseudonym needs at least {FEWEST_RANDOM_BYTES} random bytes.")
    number = int.from_bytes(random_bytes, "big")
    count = len(random_bytes) * 8 // 5
    body = "".join(SYMBOLS[number >> 5 * place & 31] for place in reversed(range(count)))
    return f"{prefix}-{body}{_check_character(body)}"


def is_pseudonym(text: str, prefix: str) -> bool:
    """Tell whether `text` is a well-formed pseudonym of the project with this prefix.

    Any one wrong symbol, and any two that changed places, make it False.
    """
    head, body, check = text[: len(prefix) + 1], text[len(prefix) + 1 : -1], text[-1:]
    if head != f"{prefix}-" or len(body) < FEWEST_RANDOM_BYTES * 8 // 5:
        return False
    return all(symbol in SYMBOLS for symbol in body) and check == _check_character(body)


def _check_character(body: str) -> str:
    """Return the symbol of the weighted sum over GF(32); weights are powers of a generator."""
    total = 0
    for symbol in body:
        total = _double(total ^ SYMBOLS.index(symbol))
    return SYMBOLS[total]


def _double(value: int) -> int:
    """Multiply by the generator x of GF(32)."""
    value <<= 1
    return value ^ _FIELD_POLYNOMIAL if value & 32 else value


def map_uid(uid: str, uid_key: bytes) -> str:
    """Return the UID that stands for `uid` under a project's key.

    The same UID and key always give the same answer, so references between files
    hold; without the key neither direction can be computed.

    Parameters
    ----------
    uid : str
        The original UID, without padding.
    uid_key : bytes
        The project's UID key, at least 16 bytes.

    Returns
    -------
    str
        A UID of at most 44 characters under 2.25.

    Raises
    ------
    ValueError
        If the key is too short.

    References
    ----------
    DICOM PS3.5 B.2, UUID derived UID; PS3.15 E.3.9 on consistent replacement.
    """
    if len(uid_key) < SHORTEST_KEY_BYTES:
        raise ValueError(f"A UID key has at least {SHORTEST_KEY_BYTES} bytes.")
    digest = hmac.digest(uid_key, uid.encode("utf-8", "surrogateescape"), "sha256")
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def is_public_uid(uid: str, names_instance: bool) -> bool:
    """Tell whether a UID means the same everywhere and so may stay.

    Where an attribute names an instance, only a UID that PS3.6 lists may stay, since
    some devices build instance UIDs below the DICOM root.
    """
    if is_listed_uid(uid):
        return True
    return not names_instance and (bool(_STANDARD_UID.fullmatch(uid)) or uid in CODING_SCHEME_UIDS)
