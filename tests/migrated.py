"""Databases that are migrated already: once made, then copied, since migrating takes seconds."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def migrate(environment: dict[str, str]) -> None:
    """Migrate the database of a portal's environment."""
    command = [sys.executable, ROOT / "manage.py", "migrate", "-v0"]
    subprocess.run(command, env={**os.environ, **environment}, check=True)


def copy_migrated_data(folder: Path) -> None:
    """Make `folder` the data folder of a portal that was just migrated, on SQLite."""
    shutil.copytree(_migrated_data(), folder)


@cache
def _migrated_data() -> Path:
    folder = Path(os.environ["PACS2GO_DATA"]).parent / "migrated"  # gone with the tests' own
    migrate(
        {
            "DATABASE_URL": "",
            "PACS2GO_DATA": str(folder / "data"),
            "PACS2GO_KEYS_FILE": str(folder / "keys"),
        }
    )
    return folder / "data"
