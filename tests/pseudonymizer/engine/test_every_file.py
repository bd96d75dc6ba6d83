"""Every file of pydicom and pydicom-data: whole, valid and consistent after the engine.

The expected values are the originals as pydicom reads them, and what dciodvfy says of them.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest
from dciodvfy import errors_of
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset

from pseudonymizer.engine import (
    Context,
    PseudonymizationError,
    Subject,
    default_profile,
    pseudonymize_file,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # what is odd about the originals is no news

DICOM_ROOT = "1.2.840.10008."
# What these files lack or are; the engine must not take any of them.
REFUSED = {
    "dicomdir": 8,
    "no-sop-instance-uid": 6,
    "no-study-instance-uid": 4,
    "not-dicom": 10,
    "pixel-surplus": 1,  # its Number of Frames is no number
    "truncated": 3,
}


@dataclass(frozen=True)
class Pair:
    """An original and what the engine made of it."""

    original: Path
    output: Path

    def read(self) -> tuple[Dataset, Dataset]:
        return pydicom.dcmread(self.original, force=True), pydicom.dcmread(self.output)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Pair], Counter[str]]:
    """Pseudonymize everything as one patient's; return the pairs, and the codes of the rest.

    A data steward has looked at the pixels: no text is blacked out.
    """
    context = Context(
        subject=Subject("CT-7QF3K0ZB5", "ct", -400),
        uid_key=b"a key of this test project alone",
        profile=default_profile(),
        now=datetime(2026, 3, 1, 12, tzinfo=UTC),
        accepted=frozenset({"burned-in-text"}),
    )
    pairs, codes = [], Counter[str]()
    for path in map(Path, get_testdata_files("**/*")):
        if not path.is_file():
            continue
        folder = tmp_path_factory.mktemp("output")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # they quote values
            try:
                pairs.append(Pair(path, pseudonymize_file(path, folder, context).path))
            except PseudonymizationError as error:
                codes[error.code] += 1
                assert list(folder.iterdir()) == []
    return pairs, codes


def values_of(dataset: Dataset, path: str = "") -> Iterator[tuple[str, str, object]]:
    """Yield where a value stands, its VR and the value itself, at every depth."""
    for element in dataset:
        place = f"{path}/{element.tag:08X}"
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from values_of(item, f"{place}[{number}]")
        else:
            values = element.value if element.VM > 1 else [element.value]
            for number, value in enumerate(values):
                yield f"{place}.{number}", element.VR, value


def uids_of(dataset: Dataset) -> dict[str, str]:
    return {place: str(value) for place, vr, value in values_of(dataset) if vr == "UI" and value}


def test_two_hundred_files_go_through_and_the_others_say_why_not(run) -> None:
    pairs, codes = run
    assert len(pairs) > 200
    assert dict(codes) == REFUSED


def test_pydicom_reads_every_value_of_every_output(run) -> None:
    for pair in run[0]:
        _, output = pair.read()
        assert sum(1 for _ in values_of(output)) > 10, pair.original.name


def test_native_pixels_are_identical_to_the_byte(run) -> None:
    compared = 0
    for pair in run[0]:
        original, output = pair.read()
        syntax = output.file_meta.TransferSyntaxUID
        for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
            if keyword in original and not syntax.is_encapsulated:
                assert output[keyword].value == original[keyword].value, pair.original.name
                compared += 1
    assert compared > 50  # tests/…/test_frames.py decodes the compressed ones


def test_each_uid_has_one_successor_in_all_files_and_none_is_shared(run) -> None:
    successors, origins = defaultdict(set), defaultdict(set)
    for pair in run[0]:
        original, output = map(uids_of, pair.read())
        for place in original.keys() & output.keys():
            successors[original[place]].add(output[place])
            origins[output[place]].add(original[place])
    assert len(successors) > 250
    assert [uid for uid, found in successors.items() if len(found) > 1] == []
    assert [uid for uid, found in origins.items() if len(found) > 1] == []
    changed = {uid for uid, found in successors.items() if found != {uid}}
    assert [uid for uid in successors.keys() - changed if not uid.startswith(DICOM_ROOT)] == []
    assert changed.isdisjoint(origins)


def test_dciodvfy_finds_no_new_error_in_any_file(run) -> None:
    with ThreadPoolExecutor(2) as pool:
        before = pool.map(errors_of, [pair.original for pair in run[0]])
        after = pool.map(errors_of, [pair.output for pair in run[0]])
        for pair, old, new in zip(run[0], before, after, strict=True):
            assert new - old == Counter(), pair.original.name
