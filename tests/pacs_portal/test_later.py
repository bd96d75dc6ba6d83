"""What is imported when it is first called."""

import re
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from pacs_portal.later import later

ROOT = Path(__file__).parents[2]
NAMED = [
    (app.parent.name, path)
    for app in sorted(ROOT.glob("**/apps.py"))
    if ".venv" not in app.parts
    for path in re.findall(r'later\("([^"]+)"\)', app.read_text())
]


def test_it_is_called_with_everything_and_answers_the_same() -> None:
    assert later("operator.sub")(7, 4) == 3
    assert later("builtins.dict")(number=1) == {"number": 1}


def test_the_same_path_is_the_same_function_and_has_its_name() -> None:
    assert later("operator.sub") is later("operator.sub")
    assert later("operator.sub").__name__ == "sub"


@pytest.mark.parametrize(("app", "path"), NAMED)
def test_what_an_app_names_exists(app, path) -> None:
    assert callable(import_string(path))


def test_the_apps_name_something() -> None:
    assert {app for app, _ in NAMED} == {"converter", "jobs", "pseudonymizer", "uploads"}
