"""One dataset in every way of writing it gives one dataset, however deep it nests.

The files are written and the results are read by pydicom, which the engine does not use.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pseudonymizer.engine import Context, pseudonymize_file

pytestmark = pytest.mark.filterwarnings("ignore")

# Kept, removed, emptied, replaced, shifted and mapped ones, of every kind of value.
SEQUENCES = (0x00081115, 0x00081140, 0x00082218, 0x00400275, 0x00540016, 0x30060010)
TEXT = st.text("ABCDEFGHIKLMNOPQRSTUVWXYZ 0123456789", min_size=1, max_size=12).map(str.strip)
DAYS = st.dates(
    min_value=pydicom.valuerep.DA("19500101"), max_value=pydicom.valuerep.DA("20250101")
)
UIDS = st.integers(1, 50).map(lambda number: f"1.3.6.1.4.1.99999.{number}")
VALUES = {
    (0x00080008, "CS"): st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", "AXIAL"]), max_size=3),
    (0x00080021, "DA"): DAYS.map(lambda day: day.strftime("%Y%m%d")),
    (0x0008002A, "DT"): DAYS.map(lambda day: day.strftime("%Y%m%d") + "101112.5+0100"),
    (0x00080031, "TM"): st.just("101112.5"),
    (0x00081030, "LO"): TEXT,
    (0x00081070, "PN"): TEXT,
    (0x00081155, "UI"): UIDS,
    (0x00100040, "CS"): st.sampled_from(["F", "M", "O", ""]),
    (0x00101010, "AS"): st.sampled_from(["045Y", "093Y", "002W"]),
    (0x00104000, "LT"): TEXT,
    (0x00180050, "DS"): st.sampled_from(["0.625", "5", "1.25"]),
    (0x00186060, "FL"): st.floats(-1000, 1000, width=32),
    (0x00189073, "FD"): st.floats(-1000, 1000),
    (0x00200013, "IS"): st.integers(0, 9999).map(str),
    (0x00200052, "UI"): UIDS,
    (0x00280009, "AT"): st.just(0x00181063),
    (0x00280106, "US"): st.integers(0, 65535),
    (0x00286010, "US"): st.integers(0, 65535),
    (0x00091001, "LO"): TEXT,
    (0x0040A160, "UT"): TEXT,
    (0x00660016, "OF"): st.lists(st.sampled_from([b"\0\0\x80\x3f"]), max_size=4).map(b"".join),
}


def elements() -> st.SearchStrategy[dict[int, tuple[str, object]]]:
    chosen = st.lists(st.sampled_from(sorted(VALUES)), max_size=6, unique=True)
    return chosen.flatmap(
        lambda keys: st.fixed_dictionaries(
            {tag: st.tuples(st.just(vr), VALUES[tag, vr]) for tag, vr in keys}
        )
    )


def trees() -> st.SearchStrategy[dict[int, tuple[str, object]]]:
    """Return datasets: tags to (VR, value), where the value of SQ is a list of datasets."""

    def with_sequence(inner):
        items = st.lists(inner, max_size=3).map(lambda found: ("SQ", found))
        sequences = st.dictionaries(st.sampled_from(SEQUENCES), items, min_size=1, max_size=2)
        return st.builds(lambda plain, nested: plain | nested, elements(), sequences)

    return st.recursive(elements(), with_sequence, max_leaves=14)


def chains() -> st.SearchStrategy[dict[int, tuple[str, object]]]:
    """Return datasets of up to 30 levels."""

    def nested(parts):
        *outer, tree = parts
        for part in reversed(outer):
            tree = part | {SEQUENCES[len(part) % len(SEQUENCES)]: ("SQ", [tree])}
        return tree

    return st.lists(elements(), min_size=2, max_size=30).map(nested)


@dataclass(frozen=True)
class Form:
    """A way of writing a dataset."""

    syntax: UID
    has_open_ends: bool = False  # sequences and items of undefined length
    is_unknown: bool = False  # sequences as UN (PS3.5 6.2.2)


FORMS = {
    "explicit": Form(ExplicitVRLittleEndian),
    "explicit, undefined lengths": Form(ExplicitVRLittleEndian, has_open_ends=True),
    "explicit, sequences as UN": Form(ExplicitVRLittleEndian, is_unknown=True),
    "implicit": Form(ImplicitVRLittleEndian),
    "implicit, undefined lengths": Form(ImplicitVRLittleEndian, has_open_ends=True),
    "big endian": Form(ExplicitVRBigEndian),
    "big endian, undefined lengths": Form(ExplicitVRBigEndian, has_open_ends=True),
    "deflated": Form(DeflatedExplicitVRLittleEndian),
    "deflated, undefined lengths": Form(DeflatedExplicitVRLittleEndian, has_open_ends=True),
}
WRITTEN_AS = {DeflatedExplicitVRLittleEndian: ExplicitVRLittleEndian}  # archives may die of it


def written(dataset: Dataset, is_implicit: bool, is_big_endian: bool = False) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = not is_big_endian, is_implicit
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def built(tree: dict[int, tuple[str, object]], form: Form) -> Dataset:
    dataset = Dataset()
    for tag, (vr, value) in tree.items():
        if vr != "SQ":
            dataset.add_new(tag, vr, value)
            continue
        items = [built(item, form) for item in value]
        if form.is_unknown:
            content = b"".join(
                b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item
                for item in (written(item, is_implicit=True) for item in items)
            )
            dataset[tag] = DataElement(tag, "UN", content)
            continue
        element = DataElement(tag, "SQ", items)
        element.is_undefined_length = form.has_open_ends
        for item in element.value:
            item.is_undefined_length_sequence_item = form.has_open_ends
        dataset[tag] = element
    return dataset


def write_form(path: Path, base: Dataset, tree: dict[int, tuple[str, object]], form: Form) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pydicom.config.replace_un_with_known_vr", False)
        dataset = built(tree, form)
        dataset.update({element.tag: element for element in base})
        content = written(
            dataset, form.syntax == ImplicitVRLittleEndian, form.syntax == ExplicitVRBigEndian
        )
    if form.syntax == DeflatedExplicitVRLittleEndian:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = packer.compress(content) + packer.flush()
        content += b"\0" * (len(content) % 2)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = base.SOPClassUID
    meta.MediaStorageSOPInstanceUID = base.SOPInstanceUID
    meta.TransferSyntaxUID = form.syntax
    buffer = DicomBytesIO()
    buffer.write(bytes(128) + b"DICM")
    write_file_meta_info(buffer, meta)
    path.write_bytes(buffer.getvalue() + content)


def plain(dataset: Dataset) -> dict[int, object]:
    """Return what a dataset says, without how it was written."""
    return {
        int(element.tag): [plain(item) for item in element.value]
        if element.VR == "SQ"
        else (str(element.VR).replace("OW", "OB"), str(element.value))  # implicit knows OW alone
        for element in dataset
    }


def assert_all_forms_agree(
    tree: dict[int, tuple[str, object]], base: Dataset, target: Path, context: Context
) -> None:
    results = {}
    for name, form in FORMS.items():
        source = target.parent / "source"
        write_form(source, base, tree, form)
        output = pydicom.dcmread(pseudonymize_file(source, target, context).path)
        assert output.file_meta.TransferSyntaxUID == WRITTEN_AS.get(form.syntax, form.syntax)
        results[name] = plain(output)
    first = results["explicit"]
    for name, result in results.items():
        assert result == first, name


@pytest.fixture
def base(ct: Dataset) -> Dataset:
    """What every file needs; bytes as pixels, since words turn with the byte order."""
    ct.BitsAllocated = ct.BitsStored = 8
    ct.PixelRepresentation = 0
    ct[0x7FE00010] = DataElement(0x7FE00010, "OB", bytes(range(6)))
    return ct


SETTINGS = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(tree=trees())
def test_a_wide_dataset_is_one_in_every_encoding(
    tree, base: Dataset, target: Path, context: Context
):
    assert_all_forms_agree(tree, base, target, context)


@SETTINGS
@given(tree=chains())
def test_a_deep_dataset_is_one_in_every_encoding(
    tree, base: Dataset, target: Path, context: Context
):
    assert_all_forms_agree(tree, base, target, context)
