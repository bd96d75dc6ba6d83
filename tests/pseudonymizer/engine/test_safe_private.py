"""Private attributes stay only where the table says keep, and by their creator."""

from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.safe_private import safe_keys

CREATOR = "SIEMENS MR HEADER"
B_VALUE = 0x0C  # (0019,xx0C) of SIEMENS MR HEADER, IS: to keep


@pytest.fixture
def run(write_file, target, context: Context):
    def pseudonymized(dataset: Dataset, *switches: str, is_explicit: bool = True) -> Dataset:
        profile = build_profile(ProfileSpec(frozenset(switches)))
        source = write_file(dataset, is_explicit=is_explicit)
        return pydicom.dcmread(
            pseudonymize_file(source, target, replace(context, profile=profile)).path
        )

    return pseudonymized


def with_private(dataset: Dataset, block: int = 0x10, creator: str = CREATOR) -> Dataset:
    dataset.add_new(0x00190000 | block, "LO", creator)
    dataset.add_new(0x00190000 | block << 8 | B_VALUE, "IS", "1000")
    dataset.add_new(0x00190000 | block << 8 | 0xEE, "LO", "Zwirbelmayr")
    return dataset


def private_tags(dataset: Dataset) -> list[int]:
    return [element.tag for element in dataset if element.tag.is_private]


def test_the_table_keeps_only_what_all_its_rows_keep():
    assert "IS" in safe_keys()[0x0019, CREATOR, B_VALUE]
    assert (0x0009, "EMAGEON STUDY HOME", 0x00) not in safe_keys()  # delete
    assert not any(creator == "" for _, creator, _ in safe_keys())


def test_a_safe_attribute_stays_with_its_creator_wherever_its_block_is(ct: Dataset, run):
    output = run(with_private(ct, block=0x42), "safe_private")
    assert private_tags(output) == [0x00190042, 0x0019420C]
    assert output[0x0019420C].value == 1000


def test_without_the_option_nothing_private_stays(ct: Dataset, run):
    assert private_tags(run(with_private(ct))) == []


def test_inside_sequences_the_creator_of_the_same_item_counts(ct: Dataset, run):
    with_creator, without = with_private(Dataset()), Dataset()
    without.add_new(0x0019100C, "IS", "1000")
    ct.ReferencedSeriesSequence = [with_creator, without]
    first, second = run(ct, "safe_private").ReferencedSeriesSequence
    assert private_tags(first) == [0x00190010, 0x0019100C]
    assert private_tags(second) == []


@pytest.mark.parametrize("creator", ["SIEMENS MR HEADER X", "siemens mr header", "", "ACME"])
def test_another_creator_makes_it_another_attribute(creator: str, ct: Dataset, run):
    assert private_tags(run(with_private(ct, creator=creator), "safe_private")) == []


def test_text_where_numbers_belong_is_not_safe(ct: Dataset, run):
    ct.add_new(0x00190010, "LO", CREATOR)
    ct.add_new(0x0019100C, "LO", "Zwirbelmayr")
    assert private_tags(run(ct, "safe_private")) == []


def test_an_unknown_value_that_holds_a_sequence_is_not_safe(ct: Dataset, run):
    ct.add_new(0x00190010, "LO", CREATOR)
    ct.add_new(
        0x0019100C, "UN", b"\xfe\xff\x00\xe0\x08\x00\x00\x00\x10\x00\x10\x00\x00\x00\x00\x00"
    )
    assert private_tags(run(ct, "safe_private")) == []


def test_in_implicit_files_the_number_alone_tells(ct: Dataset, run):
    output = run(with_private(ct), "safe_private", is_explicit=False)
    assert private_tags(output) == [0x00190010, 0x0019100C]


def test_a_safe_sequence_is_walked_by_the_rules(ct: Dataset, run):
    key = next(key for key, vrs in safe_keys().items() if vrs == {"SQ"} and key[0] == 0x2005)
    inner = Dataset()
    inner.PatientName, inner.Rows = "Zwirbelmayr^Hans", 3
    ct.add_new(key[0] << 16 | 0x10, "LO", key[1])
    ct.add_new(key[0] << 16 | 0x1000 | key[2], "SQ", [inner])
    output = run(ct, "safe_private")
    (item,) = output[key[0] << 16 | 0x1000 | key[2]].value
    assert (item.PatientName, item.Rows) == ("", 3)


@pytest.mark.parametrize("is_explicit", [True, False])
@pytest.mark.parametrize("vr", ["UI", "AE"])
def test_uids_and_addresses_go_whatever_the_table_says(
    vr: str, is_explicit: bool, ct: Dataset, run
):
    group, creator, number = next(key for key, vrs in safe_keys().items() if vr in vrs)
    ct.add_new(group << 16 | 0x10, "LO", creator)
    ct.add_new(group << 16 | 0x1000 | number, vr, "1.3.6.1.4.1")
    assert private_tags(run(ct, "safe_private", is_explicit=is_explicit)) == []


@pytest.mark.parametrize(
    ("creator", "tag", "vr"),
    [
        ("Philips MR Imaging DD 004", 0x20051095, "ST"),
        ("INTELERAD MEDICAL SYSTEMS", 0x3F011003, "LO"),
    ],
)
def test_a_uid_or_address_that_a_file_calls_text_goes_too(
    creator: str, tag: int, vr: str, ct: Dataset, run
):
    assert vr in safe_keys()[tag >> 16, creator, tag & 0xFF]
    ct.add_new(tag & 0xFFFF0000 | 0x10, "LO", creator)
    ct.add_new(tag, vr, "1.3.6.1.4.1.5962.4711")
    assert private_tags(run(ct, "safe_private")) == []


@pytest.mark.parametrize(
    ("creator", "tag", "vr"),
    [
        ("FDMS 1.0", 0x00191060, "SH"),  # Radiographer's Code
        ("FDMS 1.0", 0x00191090, "SH"),  # Film Annotation Character String 1
        ("SECTRA_Ident_01", 0x00091002, "LO"),  # Examination number
        ("GEMS_GENIE_1", 0x00131026, "LT"),  # Study Comments
        ("TOSHIBA_MEC_CT3", 0x70051011, "LT"),  # Series Comment
        ("INTELERAD MEDICAL SYSTEMS", 0x3F011001, "LO"),  # Institution Code
    ],
)
def test_what_is_named_after_a_person_a_number_or_a_comment_is_not_safe(
    creator: str, tag: int, vr: str, ct: Dataset, run
):
    ct.add_new(tag & 0xFFFF0000 | 0x10, "LO", creator)
    ct.add_new(tag, vr, "Zwirbelmayr 77")
    assert private_tags(run(ct, "safe_private")) == []
