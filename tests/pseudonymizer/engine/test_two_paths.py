"""A file, and the same file parsed by pydicom and written anew: the engine makes one of both."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from generated import CHARACTER_SETS, FORMS, Form, datasets, file_bytes
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from raw_values import Values, raw_values
from test_two_readers import context_of, files

from pseudonymizer.engine import PseudonymizationError, pseudonymize_file

pytestmark = pytest.mark.filterwarnings("ignore")

WORD_BYTES = {"AT": 2, "US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}


def rewritten(path: Path, target: Path) -> Path:
    """Let pydicom decode every value of a file and write it, native ones as explicit VR."""
    dataset = pydicom.dcmread(path, force=True)
    for _element in dataset.iterall():
        pass  # what was not looked at is written as it was read
    if not isinstance(getattr(dataset, "file_meta", None), FileMetaDataset):
        dataset.file_meta = FileMetaDataset()
    meta = dataset.file_meta
    if "TransferSyntaxUID" not in meta or not meta.TransferSyntaxUID.is_encapsulated:
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(target, dataset, implicit_vr=False, little_endian=True, force_encoding=True)
    return target


def plain(output: FileDataset) -> dict[int, object]:
    """Return what an output says, its numbers in one byte order, without padding and VRs."""
    return _plain(raw_values(output), is_big=not output.original_encoding[1])


def _plain(values: Values, is_big: bool) -> dict[int, object]:
    found: dict[int, object] = {}
    for tag, value in values.items():
        if isinstance(value, list):
            found[tag] = [_plain(item, is_big) for item in value] or [b""]
            continue
        vr, content = value
        size = WORD_BYTES.get(vr, 1)  # pydicom leaves bulk values as they lie
        if is_big and size > 1:
            content = b"".join(content[i : i + size][::-1] for i in range(0, len(content), size))
        found[tag] = [part.strip(b" \0") for part in content.split(b"\\")]
    return found


def differing(ours: dict[int, object], theirs: dict[int, object], path: str = "") -> Iterator[str]:
    for tag in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(tag), theirs.get(tag)
        if one != other:
            yield f"{path}/{tag:08X}: {one!r}, {other!r}"


def compared(path: Path, folder: Path) -> list[str]:
    ours = output_of(path, folder)  # first: what the engine refuses, pydicom need not write
    return list(differing(ours, output_of(rewritten(path, folder / "again"), folder)))


def output_of(path: Path, folder: Path) -> dict[int, object]:
    with tempfile.TemporaryDirectory(dir=folder) as target:
        result = pseudonymize_file(path, Path(target), context_of("the default"))
        return plain(pydicom.dcmread(result.path))


def test_every_file_is_one_on_both_ways(tmp_path: Path):
    agreed = 0
    for path in files():
        try:
            assert compared(path, tmp_path) == [], path.name
        except PseudonymizationError:
            continue
        agreed += 1
    assert agreed > 200


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    nodes=datasets(is_odd=False),
    form=st.sampled_from(FORMS),
    character_set=st.sampled_from(list(CHARACTER_SETS)),
)
def test_a_generated_dataset_is_one_on_both_ways(
    nodes, form: Form, character_set: bytes, tmp_path: Path
):
    path = tmp_path / "source"
    path.write_bytes(file_bytes(nodes, form, character_set))
    try:
        differences = compared(path, tmp_path)
    except (TypeError, UnicodeError):  # pydicom cannot encode what it made of strange letters
        reject()
    assert differences == []
