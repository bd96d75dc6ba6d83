"""What the commands need not import before their first file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LATER = ("httpx", "pyorthanc", "nibabel", "allauth.account.views", "pacs_portal.urls")
LOAD = """
import sys, django
from django.core.management import load_command_class
app, command, *later = sys.argv[1:]
django.setup()
load_command_class(app, command).create_parser("manage.py", command)
print(*sorted(set(later) & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("app", "command"), [("converter", "convert"), ("pseudonymizer", "pseudonymize")]
)
def test_no_client_and_no_page_is_loaded_before_the_first_file(app, command):
    done = subprocess.run(
        [sys.executable, "-c", LOAD, app, command, *LATER],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == ""
