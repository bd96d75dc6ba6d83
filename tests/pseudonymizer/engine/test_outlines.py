"""Attributes that belong to no IOD; expected values are by hand from PS3.3."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from dciodvfy import errors_of, misplaced_in
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from raw_values import raw_values

from pseudonymizer.engine import (
    Context,
    ProfileSpec,
    build_profile,
    is_looser,
    pseudonymize_file,
)
from pseudonymizer.engine.options import DEFAULT_SWITCHES, ONLY_IOD
from pseudonymizer.engine.outlines import outline_of
from pseudonymizer.engine.preview import preview_file
from pseudonymizer.engine.spec import RuleAction, TagRule

CT, MR, REPORT = (f"1.2.840.10008.5.1.4.1.1.{arc}" for arc in ("2", "4", "88.22"))
KVP, ECHO_TIME, ROWS, PIXEL_SPACING = 0x00180060, 0x00180081, 0x00280010, 0x00280030
NUMBER_OF_FRAMES = 0x00280008
CONTENT, TEXT_VALUE, REFERENCED_IMAGES = 0x0040A730, 0x0040A160, 0x00081140
REFERENCED_INSTANCE = 0x00081155
ONLY = DEFAULT_SWITCHES | {ONLY_IOD}
# The content item macro, which the root of a report includes, has both (PS3.3 C.17.3, C.18.7).
AT_THE_ROOT_OF_REPORTS = {0x0040A130, 0x0040A138}
FILES = ("CT_small.dcm", "MR_small.dcm", "test-SR.dcm", "rtplan.dcm", "rtstruct.dcm")
ENHANCED = ("emri_small.dcm", "liver.dcm", "SC_rgb.dcm", "color3d_jpeg_baseline.dcm")


@pytest.fixture
def strict(seen: Context) -> Context:
    return replace(seen, profile=build_profile(ProfileSpec(ONLY)))


@pytest.mark.parametrize(
    ("sop_class_uid", "path", "tag", "belongs"),
    [
        (CT, (), KVP, True),
        (CT, (), ECHO_TIME, False),
        (MR, (), ECHO_TIME, True),
        (MR, (), KVP, False),
        (CT, (), TEXT_VALUE, False),
        (REPORT, (CONTENT,) * 9, TEXT_VALUE, True),
        (REPORT, (CONTENT,), CONTENT, True),
        (REPORT, (CONTENT,), KVP, False),
        (CT, (REFERENCED_IMAGES,), REFERENCED_INSTANCE, True),
        (CT, (REFERENCED_IMAGES,), ECHO_TIME, False),
        (CT, (), ROWS, True),
    ],
)
def test_an_attribute_belongs_where_ps3_3_has_it(
    sop_class_uid: str, path: tuple[int, ...], tag: int, belongs: bool
):
    outline = outline_of(sop_class_uid)
    assert outline is not None
    assert outline.holds(path, tag) is belongs


def test_of_a_class_that_the_standard_does_not_describe_nothing_is_known():
    assert outline_of("1.3.12.2.1107.5.9.1") is None


@pytest.fixture
def misplaced(ct: Dataset) -> Dataset:
    """A CT image with an echo time, at top level and in an item, beside what belongs there."""
    ct.KVP, ct.EchoTime = "120", "4.5"
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "39607008", "SCT", "Lung"
    item.EchoTime = "4.5"
    ct.AnatomicRegionSequence = [item]
    return ct


def test_misplaced_attributes_go_under_the_allow_list_and_stay_without(
    misplaced: Dataset, write_file, target: Path, context: Context, strict: Context
):
    source = write_file(misplaced)
    kept = pydicom.dcmread(pseudonymize_file(source, target, context).path)
    assert kept.EchoTime == kept.AnatomicRegionSequence[0].EchoTime == 4.5
    output = pydicom.dcmread(pseudonymize_file(source, target, strict).path)
    assert "EchoTime" not in output
    assert "EchoTime" not in output.AnatomicRegionSequence[0]
    assert output.AnatomicRegionSequence[0].CodeMeaning == "Lung"
    assert output.KVP == 120
    assert "Attributes that the kind of object does not have removed" in output[0x00120063].value


def test_what_tells_how_pixels_are_read_stays_wherever_it_stands(
    ct: Dataset, write_file, target: Path, strict: Context
):
    ct.SOPClassUID, ct.Modality = MR, "MR"
    ct.NumberOfFrames, ct.RescaleSlope, ct.RescaleIntercept = 2, "1.5", "-7"
    ct.PixelData *= 2
    source = write_file(ct)
    assert NUMBER_OF_FRAMES in misplaced_in(source)
    output = pydicom.dcmread(pseudonymize_file(source, target, strict).path)
    assert (output.NumberOfFrames, output.RescaleSlope, output.RescaleIntercept) == (2, 1.5, -7)


def test_a_rule_for_the_attribute_comes_first(
    misplaced: Dataset, write_file, target: Path, seen: Context
):
    spec = ProfileSpec(ONLY, (TagRule(ECHO_TIME, RuleAction.KEEP),))
    own = replace(seen, profile=build_profile(spec))
    output = pydicom.dcmread(pseudonymize_file(write_file(misplaced), target, own).path)
    assert output.EchoTime == 4.5


def test_the_preview_names_the_allow_list(misplaced: Dataset, write_file, strict: Context):
    rows = preview_file(write_file(misplaced).read_bytes(), strict).rows
    assert [row.why for row in rows if row.tag == ECHO_TIME] == [ONLY_IOD, ONLY_IOD]
    assert ONLY_IOD not in [row.why for row in rows if row.tag == KVP]


def test_ending_the_allow_list_loosens_a_profile():
    assert is_looser(ProfileSpec(DEFAULT_SWITCHES), ProfileSpec(ONLY))
    assert not is_looser(ProfileSpec(ONLY), ProfileSpec(DEFAULT_SWITCHES))


@pytest.mark.parametrize("name", [*FILES, *ENHANCED])
def test_real_files_stay_valid_and_lose_nothing_that_belongs_to_them(
    name: str, target: Path, strict: Context, seen: Context
):
    source = Path(get_testdata_file(name))
    before = errors_of(source)
    wide = raw_values(pydicom.dcmread(pseudonymize_file(source, target, seen).path))
    path = pseudonymize_file(source, target, strict).path
    narrow = raw_values(pydicom.dcmread(path))
    assert errors_of(path) - before == Counter()
    assert wide.keys() - narrow.keys() <= misplaced_in(source)
    assert misplaced_in(path) <= AT_THE_ROOT_OF_REPORTS
