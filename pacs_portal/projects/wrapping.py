"""How the secrets of projects are wrapped by a master key of the key file."""

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keyfile import MasterKeys
from pacs_portal.projects.models import Project, ProjectSecret, Purpose

SECRET_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 16


@lru_cache(maxsize=4096)
def grow(secret: bytes, info: str) -> bytes:
    """Return the key for one use that grows from `secret` (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=b"pacs2go " + info.encode()).derive(secret)


def add_secret(
    project: Project, purpose: Purpose, version: int, master_keys: MasterKeys
) -> ProjectSecret:
    """Give the project a new random secret."""
    row = ProjectSecret(project=project, purpose=purpose, version=version)
    row.wrapped = _wrap(master_keys, secrets.token_bytes(SECRET_BYTES), row)
    row.save(force_insert=True)
    return row


def unwrap(master_keys: MasterKeys, row: ProjectSecret) -> bytes:
    """Return the secret of `row`.

    Raises
    ------
    KeyFileError
        If the key file lacks the key that wraps it, or the secret is another row's.
    """
    wrapped = bytes(row.wrapped)[KEY_ID_BYTES:]
    try:
        cipher = AESGCM(grow(master_keys.keys[wrapping_key_id(row)], "wrap"))
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _place(row))
    except (InvalidTag, KeyError):
        raise KeyFileError("The key file does not open this project's keys.") from None


def wrap_anew(master_keys: MasterKeys, row: ProjectSecret) -> None:
    """Wrap the secret of `row` with the current master key; the secret stays the same."""
    row.wrapped = _wrap(master_keys, unwrap(master_keys, row), row)
    row.save(update_fields=["wrapped"])


def wrapping_key_id(row: ProjectSecret) -> str:
    """Return the id of the master key that wraps the secret."""
    return bytes(row.wrapped)[:KEY_ID_BYTES].rstrip(b"\0").decode("ascii", "replace")


def _wrap(master_keys: MasterKeys, secret: bytes, row: ProjectSecret) -> bytes:
    key_id, nonce = master_keys.current_id, secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(grow(master_keys.keys[key_id], "wrap")).encrypt(nonce, secret, _place(row))
    return key_id.encode().ljust(KEY_ID_BYTES, b"\0") + nonce + sealed


def _place(row: ProjectSecret) -> bytes:
    return f"{row.project_id} {row.purpose} {row.version}".encode()
