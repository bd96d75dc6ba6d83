import struct
from dataclasses import replace

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from pseudonymizer.engine import (
    Context,
    ProfileSpec,
    PseudonymizationError,
    build_profile,
)
from pseudonymizer.engine.preview import Change, PreviewRow, preview_file
from pseudonymizer.engine.spec import RuleAction, TagRule


@pytest.fixture
def rows(write_file, context: Context):
    def of(dataset: Dataset, *rules: TagRule) -> dict[tuple[int, int], PreviewRow]:
        profile = build_profile(ProfileSpec(rules=rules))
        content = write_file(dataset).read_bytes()
        preview = preview_file(content, replace(context, profile=profile))
        return {(row.depth, row.tag): row for row in preview.rows}

    return of


def test_each_row_says_what_was_and_what_becomes_of_it_and_why(ct: Dataset, rows):
    ct.PatientName, ct.StudyDate, ct.StationName = "Zwirbelmayr^Hans", "20200304", "CT7"
    ct.SeriesDescription = "Hans"
    found = rows(ct, TagRule(0x0008103E, RuleAction.REPLACE, "CT"))

    def shown(tag: int) -> tuple[str, str, Change, str]:
        row = found[0, tag]
        return row.before, row.after, row.change, row.why

    assert shown(0x00100010) == ("Zwirbelmayr^Hans", "CT-7QF3K0ZB5", Change.CHANGED, "engine")
    assert shown(0x00080020) == ("20200304", "20190129", Change.CHANGED, "modified_dates")
    assert shown(0x00081010) == ("CT7", "", Change.REMOVED, "table")
    assert shown(0x0008103E) == ("Hans", "CT", Change.CHANGED, "own")
    assert shown(0x00280010) == ("2", "2", Change.SAME, "unlisted")
    assert shown(0x00120062) == ("", "YES", Change.ADDED, "engine")


def test_items_of_sequences_and_private_attributes_are_shown_too(ct: Dataset, rows):
    inner = Dataset()
    inner.PatientID, inner.ReferencedSOPInstanceUID = "4711", "1.2.3"
    ct.ReferencedImageSequence = [inner]
    lost = Dataset()
    lost.PatientID = "4712"
    ct.OtherPatientIDsSequence = [lost]
    ct.add_new(0x00090010, "LO", "ACME")
    ct.add_new(0x00091001, "LO", "Hans")
    found = rows(ct)
    assert found[0, 0x00091001].change is Change.REMOVED
    assert found[0, 0x00091001].why == "never"
    assert found[1, 0x00100020].before == "4712"
    assert found[1, 0x00100020].change is Change.REMOVED
    assert found[1, 0x00081155].before == "1.2.3"


def test_text_in_a_report_names_the_rule_of_its_sequence(ct: Dataset, rows):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99LOCAL", "Hans"
    item = Dataset()
    item.ConceptNameCodeSequence, item.ValueType = [code], "TEXT"
    ct.ContentSequence = [item]
    found = rows(ct)
    assert found[2, 0x00080104].after == "REMOVED"
    assert found[2, 0x00080104].why == "table"
    assert found[1, 0x0040A040].why == "unlisted"


def test_text_is_decoded_and_values_stay_out_of_repr(ct: Dataset, rows):
    ct.SpecificCharacterSet, ct.PatientName = "ISO_IR 192", "Müller^Jörg"
    row = rows(ct)[0, 0x00100010]
    assert row.before == "Müller^Jörg"
    assert "ller" not in repr(row)


def test_numbers_are_shown_as_numbers(ct: Dataset, rows):
    ct.add_new(0x00180050, "DS", "2.5")
    ct.add_new(0x00189073, "FD", struct.unpack("<d", struct.pack("<d", 1.5))[0])
    found = rows(ct)
    assert (found[0, 0x00180050].before, found[0, 0x00189073].after) == ("2.5", "1.5")


def test_a_file_that_would_be_held_back_says_why(ct: Dataset, write_file, context: Context):
    ct.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"  # Encapsulated PDF
    preview = preview_file(write_file(ct).read_bytes(), context)
    assert preview.held is not None
    assert preview.held.code == "encapsulated-document"


def test_a_name_that_a_rule_keeps_elsewhere_is_told(ct: Dataset, write_file, context: Context):
    ct.PatientName, ct.SeriesDescription = "Zwirbelmayr^Hans", "Thorax Zwirbelmayr Hans"
    keep = ProfileSpec(rules=(TagRule(0x0008103E, RuleAction.KEEP),))
    chosen = replace(context, profile=build_profile(keep))
    preview = preview_file(write_file(ct).read_bytes(), chosen)
    assert preview.held is not None
    assert preview.held.code == "identifier-left"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 4000])
def test_what_is_no_dicom_is_refused(content: bytes, context: Context):
    with pytest.raises(PseudonymizationError):
        preview_file(content, context)


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "reportsi.dcm", "rtplan.dcm"],
)
def test_real_files_can_be_looked_at(name: str, context: Context):
    with open(get_testdata_file(name, download=False), "rb") as file:  # noqa: PTH123
        preview = preview_file(file.read(), context)
    assert len(preview.rows) > 20
    assert not preview.is_cut
