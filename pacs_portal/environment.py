"""Typed readers of the environment; a secret may also come from the file named by `…_FILE`."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SQLITE_MAPPED_BYTES = 256 << 20


def read_text(name: str, default: str = "") -> str:
    """Return the variable, or `default` when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def read_int(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    text = read_text(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None


def read_flag(name: str) -> bool:
    """Return True for 1, true, yes or on."""
    return read_text(name).lower() in {"1", "true", "yes", "on"}


def read_list(name: str) -> list[str]:
    """Return the comma-separated parts of the variable."""
    return [part.strip() for part in read_text(name).split(",") if part.strip()]


def read_secret(name: str, default_file: Path | None = None) -> str:
    """Return the secret: the variable, else the file `name`_FILE, else `default_file`, else ""."""
    value = read_text(name)
    if value:
        return value
    named_file = read_text(f"{name}_FILE")
    if named_file:
        return _read_secret_file(Path(named_file), name)
    if default_file is not None and default_file.exists():
        return _read_secret_file(default_file, name)
    return ""


def _read_secret_file(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The file for {name} cannot be read: {error.strerror}."
        ) from None


def read_database(name: str, sqlite_file: Path) -> dict[str, object]:
    """Return Django's database setting for a postgresql:// or sqlite:// URL, SQLite by default."""
    url = read_secret(name)
    if not url:
        return _sqlite(sqlite_file)
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must start with postgresql:// or sqlite://.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, object]:
    # IMMEDIATE: a transaction that will write waits for its turn instead of failing half-way.
    # secure_delete: what a person deletes does not stay readable in free pages.
    # mmap_size: pages are read where the system keeps them, not copied into each process.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
                f"PRAGMA mmap_size={SQLITE_MAPPED_BYTES};"
            ),
        },
    }
