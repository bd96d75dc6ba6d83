"""The documents tell what the code does."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_variable_that_settings_read_is_in_the_installation_guide():
    settings = (ROOT / "pacs_portal" / "settings.py").read_text("utf-8")
    guide = (ROOT / "docs" / "install.md").read_text("utf-8")
    read = set(re.findall(r'read_[a-z]+\(\s*"([A-Z0-9_]+)"', settings))
    assert {"PACS2GO_DATA", "DATABASE_URL", "ORTHANC_URL"} <= read
    assert {name for name in read if f"`{name}`" not in guide} == set()
