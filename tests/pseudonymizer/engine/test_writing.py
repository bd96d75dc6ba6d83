import pytest

from pseudonymizer.engine.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Element
from pseudonymizer.engine.writing import write_dataset


@pytest.mark.parametrize("encoding", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
@pytest.mark.parametrize(
    ("vr", "value", "padded"),
    [
        ("LO", b"abc", b"abc "),
        ("PN", b"a^b", b"a^b "),
        ("DS", b"1.5", b"1.5 "),
        ("UI", b"1.2", b"1.2\0"),
        ("OB", b"abc", b"abc\0"),
        ("UN", b"abc", b"abc\0"),
    ],
)
def test_odd_values_are_padded_as_their_vr_asks(encoding, vr, value, padded) -> None:
    written = write_dataset({0x00110010: Element(0x00110010, vr, value)}, encoding)
    assert written.endswith(padded)  # PS3.5 6.2
    assert len(written) % 2 == 0
