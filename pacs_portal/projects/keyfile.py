"""The key file: the installation's master keys, kept apart from the database and its backups.

A JSON file of mode 0600: {"current": "<key id>", "keys": {"<key id>": "<32 bytes in base64>"}}.
Losing it loses every registry; whoever holds it and the database holds every identity.
"""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
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


def _create_key_file(path: Path) -> None:
    key_id = secrets.token_hex(4)
    content = {
        "current": key_id,
        "keys": {key_id: base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


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
