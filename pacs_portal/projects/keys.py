"""The keys of a project: one random secret per purpose, wrapped by the key file's master key.

Every use has a key of its own, grown from the secret by HKDF-SHA256 (RFC 5869). Values are sealed
with AES-256-GCM under a fresh random nonce; the associated data names the field and its row, so
that a sealed value moved to another row does not open.
"""

import hmac
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keyfile import load_master_keys
from pacs_portal.projects.models import Project, ProjectSecret, Purpose

SECRET_BYTES = 32
NONCE_BYTES = 12
VERSION = struct.Struct(">I")


class Label(StrEnum):
    """What a key is for; no two uses share a key."""

    FIELDS = "fields"
    INDEX = "exact-index"
    BLOCKING = "blocking-index"
    PATHS = "paths"
    PATH_INDEX = "path-index"
    OPTIONS = "job-options"
    CONTENT = "content-index"


@dataclass(frozen=True, repr=False)
class ProjectKeys:
    """Seals, opens and digests for one project; never printed, logged or stored."""

    project_id: UUID
    identity_secrets: Mapping[int, bytes]
    uid_secret: bytes

    @property
    def version(self) -> int:
        """The version that new values are sealed with."""
        return max(self.identity_secrets)

    @property
    def uid_key(self) -> bytes:
        """The key that maps UIDs; it is never rotated."""
        return _grow(self.uid_secret, "uids")

    def seal(self, label: Label, plaintext: bytes, *, context: str) -> bytes:
        """Return `plaintext` sealed for the row and field that `context` names."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = AESGCM(self._key(label, self.version))
        sealed = cipher.encrypt(nonce, plaintext, _associated(label, context))
        return VERSION.pack(self.version) + nonce + sealed

    def unseal(self, label: Label, sealed: bytes, *, context: str) -> bytes:
        """Return what was sealed for `context`.

        Raises
        ------
        KeyFileError
            If the value was sealed with another key or for another row.
        """
        sealed = bytes(sealed)
        (version,) = VERSION.unpack_from(sealed)
        nonce = sealed[VERSION.size : VERSION.size + NONCE_BYTES]
        try:
            cipher = AESGCM(self._key(label, version))
            return cipher.decrypt(
                nonce, sealed[VERSION.size + NONCE_BYTES :], _associated(label, context)
            )
        except (InvalidTag, KeyError):
            raise KeyFileError("A sealed value does not open with this project's keys.") from None

    def digest(self, label: Label, *parts: bytes) -> bytes:
        """Return the keyed digest of `parts`, 32 bytes; ("ab", "c") and ("a", "bc") differ."""
        message = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
        return hmac.new(self._key(label, self.version), message, sha256).digest()

    def _key(self, label: Label, version: int) -> bytes:
        return _grow(self.identity_secrets[version], label)


def create_project_secrets(project: Project) -> None:
    """Give a new project its secrets; call it in the transaction that creates the project."""
    master_keys = load_master_keys()
    for purpose in Purpose:
        ProjectSecret.objects.create(
            project=project,
            purpose=purpose,
            version=1,
            wrapped=_wrap(
                master_keys.keys[master_keys.current_id],
                master_keys.current_id,
                secrets.token_bytes(SECRET_BYTES),
                _place(project.pk, purpose, 1),
            ),
        )


def project_keys(project_id: UUID) -> ProjectKeys:
    """Return the keys of a project.

    Raises
    ------
    KeyFileError
        If the key file is missing or another one.
    """
    versions = ProjectSecret.objects.filter(project_id=project_id).order_by("version")
    return _unwrap_all(
        project_id, tuple((row.purpose, row.version, bytes(row.wrapped)) for row in versions)
    )


@lru_cache(maxsize=256)
def _unwrap_all(project_id: UUID, rows: tuple[tuple[str, int, bytes], ...]) -> ProjectKeys:
    master_keys = load_master_keys().keys
    identity: dict[int, bytes] = {}
    uid_secret = b""
    for purpose, version, wrapped in rows:
        secret = _unwrap(master_keys, wrapped, _place(project_id, purpose, version))
        if purpose == Purpose.UIDS:
            uid_secret = secret
        else:
            identity[version] = secret
    if not identity or not uid_secret:
        raise KeyFileError("This project has no keys.")
    return ProjectKeys(project_id=project_id, identity_secrets=identity, uid_secret=uid_secret)


def _wrap(master_key: bytes, key_id: str, secret: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_grow(master_key, "wrap")).encrypt(nonce, secret, place)
    return key_id.encode().ljust(16, b"\0") + nonce + sealed


def _unwrap(master_keys: Mapping[str, bytes], wrapped: bytes, place: bytes) -> bytes:
    key_id = wrapped[:16].rstrip(b"\0").decode()
    nonce, sealed = wrapped[16 : 16 + NONCE_BYTES], wrapped[16 + NONCE_BYTES :]
    try:
        return AESGCM(_grow(master_keys[key_id], "wrap")).decrypt(nonce, sealed, place)
    except (InvalidTag, KeyError):
        raise KeyFileError("The key file does not open this project's keys.") from None


@lru_cache(maxsize=4096)
def _grow(secret: bytes, info: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"pacs2go " + info.encode()).derive(secret)


def _place(project_id: UUID, purpose: str, version: int) -> bytes:
    return f"{project_id} {purpose} {version}".encode()


def _associated(label: Label, context: str) -> bytes:
    return f"pacs2go {label} {context}".encode()
