"""What the commands need not import before their first file."""

from pathlib import Path

import pytest
from PIL import Image
from pydicom.data import get_testdata_file

# Python runs it at its start; whichever process opens the source first, be it a child, tells.
TELL = """
import os, sys

def tell(event, given):
    if event == "open" and str(given[0]) == os.environ["FIRST_FILE"]:
        loaded = sorted(set(os.environ["LATER"].split()) & set(sys.modules))
        os.write(1, f"opened with {loaded}\\n".encode())

sys.addaudithook(tell)
"""
CLIENTS = ("pydicom.examples", "httpx", "pyorthanc", "requests", "tqdm", "onnxruntime", "nibabel")
PAGES = ("pacs_portal.urls", "pacs_portal.accounts.admin", "allauth.account.forms", "csp.checks")


@pytest.fixture
def loaded_early(portal, tmp_path):
    """Return a function that runs a command: which of `later` it had loaded at its first file."""

    def run(source: Path, later: tuple[str, ...], *command: object) -> str:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(TELL)
        told = {"FIRST_FILE": str(source), "LATER": " ".join(later)}
        output = ("--output", tmp_path / "out")
        ended = portal.run(*command, source, *output, PYTHONPATH=str(tmp_path / "site"), **told)
        assert ended.status == 0, ended.err
        return ended.out.splitlines()[0]

    return run


def test_a_conversion_loads_no_client_no_page_and_not_the_other_tool(loaded_early, tmp_path):
    source = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(source)
    later = (*CLIENTS, *PAGES, "pseudonymizer.engine", "pacs_portal.jobs.planning")
    assert loaded_early(source, later, "convert") == "opened with []"


def test_a_pseudonymization_loads_no_client_no_page_and_not_the_other_tool(loaded_early):
    source = Path(get_testdata_file("CT_small.dcm"))
    later = (*CLIENTS, *PAGES, "converter.engine", "pseudonymizer.disclosure.gate")
    command = ("pseudonymize", "--project", "heart")
    assert loaded_early(source, later, *command) == "opened with []"


def test_what_pydicom_is_loaded_without_can_be_loaded_later(portal):
    modules = "pydicom.examples, requests, tqdm"
    code = f"import {modules}; print(pydicom.examples.ct.Modality, requests.get, tqdm.tqdm)"
    ended = portal.run("shell", "--no-imports", "-c", code)
    assert ended.out.startswith("CT <function get"), ended.err
