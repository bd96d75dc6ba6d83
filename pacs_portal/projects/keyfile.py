"""The key file: the installation's master keys, kept apart from the database and its backups.

A JSON file of mode 0600: {"current": "<key id>", "keys": {"<key id>": "<32 bytes in base64>"}}.
Losing it loses every registry; whoever holds it and the database holds every identity. While the
master key is rotated (projects/master_rotation.py), the file has the old one, too.
"""

import base64
import fcntl
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.models import KeyFileCheck

KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class MasterKeys:
    """The keys of the file by their id, and the id new secrets are wrapped with."""

    current_id: str
    keys: Mapping[str, bytes]


def load_master_keys() -> MasterKeys:
    """Return the keys of the file, making the file when this database has never had one.

    Raises
    ------
    KeyFileError
        If the file is missing although secrets exist, is damaged, or is another one.
    """
    path: Path = settings.KEYS_FILE
    if not path.exists():
        if KeyFileCheck.objects.exists():
            raise KeyFileError(
                f"The key file {path} is missing: restore it from its backup, "
                "or set PACS2GO_KEYS_FILE."
            )
        _create_key_file(path)
    master_keys = _read_key_file(path)
    _check_fingerprints(master_keys, path)
    return master_keys


@contextmanager
def rotating() -> Iterator[None]:
    """Let one command at a time change keys; the system ends the lock with the process.

    Raises
    ------
    KeyFileError
        If another command changes keys now, or the key file's folder cannot be written to.
    """
    path: Path = settings.KEYS_FILE
    try:
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _cannot_be_replaced(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for draft in path.parent.glob(f".{path.name}.*"):  # of a killed command; it holds keys
            draft.unlink()
        yield
    except BlockingIOError:
        raise KeyFileError("Another command is rotating keys; wait until it has ended.") from None
    finally:
        os.close(descriptor)


def with_new_key(master_keys: MasterKeys) -> MasterKeys:
    """Return the keys with a new random one, which is the current one."""
    key_id = secrets.token_hex(4)
    new = {key_id: secrets.token_bytes(KEY_BYTES)}
    return MasterKeys(current_id=key_id, keys={**master_keys.keys, **new})


def replace_key_file(master_keys: MasterKeys) -> None:
    """Put other keys into the file, all at once: a reader finds the old ones or the new ones.

    Raises
    ------
    KeyFileError
        If the folder cannot be written to.
    """
    path: Path = settings.KEYS_FILE
    try:
        draft = _write_draft(path, master_keys)
        try:
            owner = path.stat()
            os.chown(draft, owner.st_uid, owner.st_gid)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except OSError as error:
        raise _cannot_be_replaced(path, error) from None


def note_fingerprint(master_keys: MasterKeys) -> None:
    """Let the database know the current key."""
    KeyFileCheck.objects.get_or_create(
        key_id=master_keys.current_id,
        defaults={"fingerprint": _fingerprint(master_keys.keys[master_keys.current_id])},
    )


def _cannot_be_replaced(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(
        f"The key file {path} cannot be replaced: {error.strerror}. Its folder must be writable, "
        "and the file must be your own and not be mounted by itself."
    )


def _create_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _write_draft(path, with_new_key(MasterKeys("", {})))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first
    finally:
        draft.unlink()
    _flush_folder(path.parent)


def _write_draft(path: Path, master_keys: MasterKeys) -> Path:
    """Write a file of mode 0600 beside `path`, down to the disk."""
    encoded = {key_id: base64.b64encode(key).decode() for key_id, key in master_keys.keys.items()}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        json.dump({"current": master_keys.current_id, "keys": encoded}, file)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_key_file(path: Path) -> MasterKeys:
    try:
        content = json.loads(path.read_text(encoding="ascii"))
        keys = {key_id: base64.b64decode(text) for key_id, text in content["keys"].items()}
        current_id = content["current"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"The key file {path} cannot be read or is damaged.") from None
    if current_id not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise KeyFileError(f"The key file {path} is damaged.")
    return MasterKeys(current_id=current_id, keys=keys)


def _check_fingerprints(master_keys: MasterKeys, path: Path) -> None:
    known = dict(KeyFileCheck.objects.values_list("key_id", "fingerprint"))
    if not known:
        for key_id, key in master_keys.keys.items():
            KeyFileCheck.objects.get_or_create(
                key_id=key_id, defaults={"fingerprint": _fingerprint(key)}
            )
        return
    for key_id, fingerprint in known.items():
        found = master_keys.keys.get(key_id)
        if found is None or not hmac.compare_digest(_fingerprint(found), fingerprint):
            raise KeyFileError(
                f"The key file {path} does not belong to this database: "
                "set PACS2GO_KEYS_FILE to the right one."
            )


def _fingerprint(key: bytes) -> str:
    return hmac.new(key, b"pacs2go key file check", sha256).hexdigest()
