import resource
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from pseudonymizer.engine import Header, PseudonymizationError, pseudonymize_file


def test_nobody_else_may_read_the_output_and_nothing_is_left_beside_it(
    ct, write_file, target, context
) -> None:
    path = pseudonymize_file(write_file(ct), target, context).path
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(target.iterdir()) == [path]


def test_a_check_that_refuses_leaves_nothing(ct, write_file, target, context) -> None:
    def refuse(header: Header) -> None:
        raise PseudonymizationError("changed", header.modality)

    with pytest.raises(PseudonymizationError, match="CT"):
        pseudonymize_file(write_file(ct), target, context, refuse)
    assert list(target.iterdir()) == []


def test_what_the_system_refuses_to_write_is_told_and_leaves_nothing(target, context) -> None:
    source = Path(get_testdata_file("CT_small.dcm", download=False))
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            pseudonymize_file(source, target, context)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(target.iterdir()) == []
