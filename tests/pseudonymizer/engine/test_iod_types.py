import pytest

from pseudonymizer.engine.iod_types import resolve, types_in

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"


@pytest.mark.parametrize(
    ("basic", "attribute_type", "expected"),
    [
        *(("X/Z", "3", "X"), ("X/Z", "2", "Z"), ("X/Z", "1", "Z")),
        *(("X/D", "3", "X"), ("X/D", "1", "D"), ("X/D", "1C", "D")),
        *(("X/Z/D", "3", "X"), ("X/Z/D", "2C", "Z"), ("X/Z/D", "1", "D")),
        *(("Z/D", "3", "Z"), ("Z/D", "2", "Z"), ("Z/D", "1", "D")),
        *(("X/Z/U*", "3", "X"), ("X/Z/U*", "1C", "U")),
        *(("X", "1", "X"), ("Z", "1", "Z"), ("D", "3", "D"), ("U", "3", "U")),
    ],
)
def test_the_type_decides_a_compound_action(basic: str, attribute_type: str, expected: str):
    assert resolve(basic, attribute_type) == expected


@pytest.mark.parametrize(
    ("sop_class_uid", "path", "expected"),
    [
        (CT, (0x00100020,), "2"),  # Patient ID, Patient Module
        (CT, (0x00080022,), None),  # Acquisition Date is Type 3
        (ENHANCED_CT, (0x00080023,), "1"),  # Content Date, Multi-frame Functional Groups
        (ENHANCED_CT, (0x00181000,), "1"),  # Device Serial Number, Enhanced General Equipment
        (RT_PLAN, (0x300A0006,), "2"),  # RT Plan Date
    ],
)
def test_types_are_those_of_ps3_3(sop_class_uid: str, path: tuple[int, ...], expected: str | None):
    assert types_in(sop_class_uid).get(path) == expected


def test_an_unknown_iod_has_no_types():
    assert types_in("1.2.3") == {}
