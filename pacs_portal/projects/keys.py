"""The keys of a project: one random secret per purpose, wrapped by the key file's master key.

Every use has a key of its own, grown from the secret by HKDF-SHA256 (RFC 5869). Values are sealed
with AES-256-GCM under a fresh random nonce; the associated data names the field and its row, so
that a sealed value moved to another row does not open.

Identity secrets have versions, and each sealed value names the one it was sealed under. While
keys are rotated (projects/rotation.py) there are two: all who write use the newest, and what was
stored under the older one is opened and found too. The UID secret has one version for ever.
"""

import hmac
import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pacs_portal.projects import locks
from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keyfile import load_master_keys
from pacs_portal.projects.models import Project, ProjectSecret, Purpose
from pacs_portal.projects.wrapping import NONCE_BYTES, add_secret, grow, unwrap

VERSION = struct.Struct(">I")
SHORT_BYTES = 16
_HEAD_BYTES = VERSION.size + NONCE_BYTES  # of a sealed value


class Label(StrEnum):
    """What a key is for; no two uses share a key."""

    __hash__ = str.__hash__  # Enum's is many times slower

    FIELDS = "fields"
    INDEX = "exact-index"
    BLOCKING = "blocking-index"
    PATHS = "paths"
    PATH_INDEX = "path-index"
    OPTIONS = "job-options"
    CONTENTS = "contents"
    PLANS = "plans"
    LISTS = "lists"


@dataclass(frozen=True, repr=False)
class ProjectKeys:
    """Opens and digests for one project; never printed, logged or stored."""

    project_id: UUID
    identity_secrets: Mapping[int, bytes]
    uid_secret: bytes

    @property
    def version(self) -> int:
        """The version that new values are sealed and indexed with."""
        return max(self.identity_secrets)

    @property
    def uid_key(self) -> bytes:
        """The key that maps UIDs; it is never rotated."""
        return grow(self.uid_secret, "uids")

    def unseal(self, label: Label, sealed: bytes | memoryview, *, context: str) -> bytes:
        """Return what was sealed for `context`.

        Raises
        ------
        KeyFileError
            If the value was sealed with another key or for another row.
        """
        (version,) = VERSION.unpack_from(sealed)
        nonce, content = bytes(sealed[VERSION.size : _HEAD_BYTES]), bytes(sealed[_HEAD_BYTES:])
        try:
            cipher = _cipher(self._secret(version), label)
            return cipher.decrypt(nonce, content, _associated(label, context))
        except (InvalidTag, KeyError):
            raise KeyFileError("A sealed value does not open with this project's keys.") from None

    def digest(self, label: Label, *parts: bytes) -> bytes:
        """Return the keyed digest of `parts`, 32 bytes; ("ab", "c") and ("a", "bc") differ."""
        return _digest(grow(self.identity_secrets[self.version], label), parts)

    def digests(self, label: Label, *parts: bytes) -> list[bytes]:
        """Return the digests to look for, the newest version's first: `digest` is what to store."""
        newest_first = sorted(self.identity_secrets, reverse=True)
        return [_digest(grow(self.identity_secrets[v], label), parts) for v in newest_first]

    def short_digests(self, label: Label, messages: Iterable[bytes]) -> list[bytes]:
        """Return keyed digests to store, 16 bytes each, of what many rows may share (RFC 7693)."""
        return _short_digests(_keyed(self.identity_secrets[self.version], label), messages)

    def all_short_digests(self, label: Label, messages: Sequence[bytes]) -> list[bytes]:
        """Return the short digests to look for, under every version."""
        digests = []
        for secret in self.identity_secrets.values():
            digests += _short_digests(_keyed(secret, label), messages)
        return digests

    def uid_seed(self, *parts: bytes) -> bytes:
        """Return the keyed digest that new UIDs derive from; it stays when keys are rotated."""
        return _digest(grow(self.uid_secret, "uid-seeds"), parts)

    def _secret(self, version: int) -> bytes:
        if version not in self.identity_secrets:  # a rotation began after these keys were read
            return project_keys(self.project_id).identity_secrets[version]
        return self.identity_secrets[version]


class SealingKeys(ProjectKeys):
    """The keys of who writes; they count until the transaction ends that asked for them."""

    def seal(self, label: Label, plaintext: bytes, *, context: str) -> bytes:
        """Return `plaintext` sealed for the row and field that `context` names."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        cipher = _cipher(self.identity_secrets[self.version], label)
        sealed = cipher.encrypt(nonce, plaintext, _associated(label, context))
        return VERSION.pack(self.version) + nonce + sealed


def create_project_secrets(project: Project) -> None:
    """Give a new project its secrets; call it in the transaction that creates the project."""
    locks.share(locks.MASTER_KEYS)
    master_keys = load_master_keys()
    for purpose in Purpose:
        add_secret(project, purpose, 1, master_keys)


def project_keys(project_id: UUID) -> ProjectKeys:
    """Return the keys of a project, to read with.

    Raises
    ------
    KeyFileError
        If the key file is missing or another one.
    """
    return ProjectKeys(project_id, *_secrets_of(project_id))


def sealing_keys(project_id: UUID) -> SealingKeys:
    """Return the keys to seal and index with, in the transaction that writes what they made.

    Until it ends, no version begins and none is dropped. So all who write at one time write under
    one version, and a rotation finds all they wrote before it drops that version.

    Raises
    ------
    TransactionManagementError
        Outside of a transaction.
    KeyFileError
        If the key file is missing or another one.
    """
    locks.share(locks.key_versions(project_id))
    return SealingKeys(project_id, *_secrets_of(project_id))


def _secrets_of(project_id: UUID) -> tuple[Mapping[int, bytes], bytes]:
    rows = ProjectSecret.objects.filter(project_id=project_id).order_by("version")
    return _unwrap_all(
        project_id, tuple((row.purpose, row.version, bytes(row.wrapped)) for row in rows)
    )


@lru_cache(maxsize=256)
def _unwrap_all(
    project_id: UUID, rows: tuple[tuple[str, int, bytes], ...]
) -> tuple[Mapping[int, bytes], bytes]:
    master_keys = load_master_keys()
    identity: dict[int, bytes] = {}
    uid_secret = b""
    for purpose, version, wrapped in rows:
        row = ProjectSecret(
            project_id=project_id, purpose=purpose, version=version, wrapped=wrapped
        )
        if purpose == Purpose.UIDS:
            uid_secret = unwrap(master_keys, row)
        else:
            identity[version] = unwrap(master_keys, row)
    if not identity or not uid_secret:
        raise KeyFileError("This project has no keys.")
    return identity, uid_secret


@lru_cache(maxsize=256)
def _cipher(secret: bytes, label: Label) -> AESGCM:
    return AESGCM(grow(secret, label))


def _digest(key: bytes, parts: tuple[bytes, ...]) -> bytes:
    message = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
    return hmac.digest(key, message, "sha256")


def _short_digests(keyed: blake2b, messages: Iterable[bytes]) -> list[bytes]:
    digests, begin = [], keyed.copy
    for message in messages:
        digest = begin()
        digest.update(message)
        digests.append(digest.digest())
    return digests


@lru_cache(maxsize=64)
def _keyed(secret: bytes, label: Label) -> blake2b:
    return blake2b(key=grow(secret, label), digest_size=SHORT_BYTES)


def _associated(label: Label, context: str) -> bytes:
    return f"pacs2go {label} {context}".encode()
