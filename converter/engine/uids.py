"""UIDs that are the same for the same input, and say nothing about it."""

import hmac


def derive_uid(seed: bytes, *parts: str) -> str:
    """Derive a UID that only who holds the seed can link to its parts.

    Parameters
    ----------
    seed : bytes
        Secret key, such as a keyed digest of project, file and options.
    *parts : str
        What the UID stands for, such as "instance" and "0".

    Returns
    -------
    str
        `2.25.` and 128 bits of HMAC-SHA256 as a decimal number.

    References
    ----------
    DICOM PS3.5 B.2, UUID Derived UID.
    """
    message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    digest = hmac.digest(seed, message, "sha256")
    return f"2.25.{int.from_bytes(digest[:16])}"
