"""Files that only their owner may read."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def kept_secret(path: Path) -> str:
    """Return the secret in `path`, made on first use; the file is 0600 ever after."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48) + "\n")
    path.chmod(0o600)
    return path.read_text("utf-8").strip()
