import os
import resource
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from pseudonymizer.engine import Header, PseudonymizationError, pseudonymize_file
from pseudonymizer.engine.elements import text_element
from pseudonymizer.engine.output_files import write_file


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


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 2**18, 2**18 + 1, 3 * 2**18 + 5])
def test_every_byte_is_written_and_digested_in_order(size, target):
    content = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    output = {tag: text_element(tag, "UI", "1.2") for tag in (0x00080018, 0x0020000D, 0x0020000E)}
    chunks = [b"meta", b"", memoryview(content), b"end"]
    result = write_file(iter(chunks), target, output, "x.dcm")
    whole = b"".join(chunks)
    assert (target / "x.dcm").read_bytes() == whole
    assert (result.sha256, result.size_bytes) == (sha256(whole).hexdigest(), len(whole))


def test_what_the_system_takes_in_small_pieces_is_whole(target, monkeypatch):
    def few(descriptor: int, pieces: Sequence[bytes]) -> int:
        return write(descriptor, b"".join(pieces)[:1000])

    write = os.write
    monkeypatch.setattr(os, "writev", few)
    monkeypatch.setattr(os, "write", lambda descriptor, rest: write(descriptor, rest[:1000]))
    output = {tag: text_element(tag, "UI", "1.2") for tag in (0x00080018, 0x0020000D, 0x0020000E)}
    content = os.urandom(10_001)
    result = write_file(iter([b"meta", content]), target, output)
    assert result.path.read_bytes() == b"meta" + content
