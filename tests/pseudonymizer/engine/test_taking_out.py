from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, IdentifierLeft, pseudonymize_file
from pseudonymizer.engine.elements import Element
from pseudonymizer.engine.finding import Finding
from pseudonymizer.engine.taking_out import take_out

KERNEL, EXPLANATION, LUTS = 0x00181210, 0x00281055, 0x00283010


@pytest.mark.parametrize(
    ("of_type", "left"), [("3", None), ("2", b""), ("2C", b""), ("1", b"REMOVED ")]
)
def test_an_attribute_goes_as_far_as_its_type_allows(of_type: str, left: bytes | None):
    before = Element(KERNEL, "SH", b"Zwirbelmayr ")
    output = {KERNEL: before}
    take_out(output, [Finding((KERNEL,), "zwirbelmayr")] * 2, {(KERNEL,): of_type})
    assert (output[KERNEL].value if KERNEL in output else None) == left
    assert before.value == b"Zwirbelmayr "


def test_the_item_that_was_named_is_changed_and_no_other():
    items = [{EXPLANATION: Element(EXPLANATION, "LO", b"Zwirbelmayr ")} for _ in range(2)]
    shared = Element(LUTS, "SQ", items=items)  # with other files of the series
    output = {LUTS: shared}
    take_out(output, [Finding((LUTS, 2, EXPLANATION), "zwirbelmayr")], {})
    assert [list(item) for item in output[LUTS].items] == [[EXPLANATION], []]
    assert [list(item) for item in shared.items] == [[EXPLANATION], [EXPLANATION]]


@pytest.fixture
def named(ct: Dataset) -> Dataset:
    """A CT whose header names the patient in two kept texts, and a stone in one of them."""
    ct.PatientName = "Zwirbelmayr^Kieselstein"
    ct.WindowCenterWidthExplanation = "Zwirbelmayr Kieselstein"
    ct.ConvolutionKernel = "Zwirbelmayr"
    return ct


def test_a_value_is_taken_out_wherever_it_stands(
    named: Dataset, write_file, target: Path, context: Context
):
    source = write_file(named)
    taken = replace(context, removals=frozenset({"zwirbelmayr"}))
    output = dcmread(pseudonymize_file(source, target, taken).path)
    assert "WindowCenterWidthExplanation" not in output
    assert not output.get("ConvolutionKernel")
    assert output.PixelData == named.PixelData
    assert dcmread(source).ConvolutionKernel == "Zwirbelmayr"


def test_what_is_neither_taken_out_nor_a_false_alarm_holds_the_file(
    named: Dataset, write_file, target: Path, context: Context
):
    decided = replace(context, removals=frozenset({"kieselstein"}))
    with pytest.raises(IdentifierLeft) as caught:
        pseudonymize_file(write_file(named), target, decided)
    assert [(found.place, found.text) for found in caught.value.findings] == [
        ("(0018,1210)", "zwirbelmayr")
    ]


def test_removing_a_text_goes_before_calling_it_a_false_alarm_elsewhere(
    named: Dataset, write_file, target: Path, context: Context
):
    decided = replace(
        context,
        false_alarms=frozenset({"zwirbelmayr"}),
        removals=frozenset({"kieselstein"}),
    )
    output = dcmread(pseudonymize_file(write_file(named), target, decided).path)
    assert output.ConvolutionKernel == "Zwirbelmayr"
    assert "WindowCenterWidthExplanation" not in output


def test_more_findings_than_one_look_tells_are_all_taken_out(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.PatientName = "Zwirbelmayr^Hans"
    items = []
    for _ in range(70):
        item = Dataset()
        item.LUTDescriptor, item.LUTData = [1, 0, 16], [0]
        item.LUTExplanation = "Zwirbelmayr"
        items.append(item)
    ct.VOILUTSequence = items
    taken = replace(context, removals=frozenset({"zwirbelmayr"}))
    output = dcmread(pseudonymize_file(write_file(ct), target, taken).path)
    assert len(output.VOILUTSequence) == 70
    assert b"wirbelmayr" not in (target / output.filename).read_bytes()
