import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest

from pacs_portal.uploads.errors import UnpackError
from pacs_portal.uploads.unpacking import UnpackLimits, unpack_zip
from tests.pacs_portal.uploads.conftest import make_zip


@pytest.fixture
def unpack(tmp_path):
    """Return a function that unpacks bytes and gives {path: content}."""
    target = tmp_path / "target"
    target.mkdir()

    def run(packed: bytes, limits: UnpackLimits | None = None) -> dict[str, bytes]:
        source = tmp_path / "source.zip"
        source.write_bytes(packed)
        unpacked = unpack_zip(source, target, limits=limits)
        return {str(file.path): (target / str(file.number)).read_bytes() for file in unpacked}

    run.target = target
    return run


def refusal_of(unpack, packed: bytes, limits: UnpackLimits | None = None) -> UnpackError:
    with pytest.raises(UnpackError) as refusal:
        unpack(packed, limits)
    assert list(unpack.target.iterdir()) == []
    return refusal.value


def entry_with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3  # Unix
    info.external_attr = mode << 16
    return info


def with_raw_name(name: bytes, flags: int = 0) -> bytes:
    """Return a zip whose one entry has the name's exact bytes."""
    placeholder = "n" * len(name)
    packed = bytearray(make_zip((placeholder, b"content")))
    for position in (30, packed.rindex(placeholder.encode())):
        packed[position : position + len(name)] = name
    struct.pack_into("<H", packed, 6, flags)
    struct.pack_into("<H", packed, packed.index(b"PK\x01\x02") + 8, flags)
    return bytes(packed)


def test_files_get_neutral_names_and_keep_their_paths(unpack):
    packed = make_zip(("Mueller/a.dcm", b"1"), ("Mueller/", b""), ("b", b""))
    assert unpack(packed) == {"Mueller/a.dcm": b"1", "b": b""}
    assert sorted(path.name for path in unpack.target.iterdir()) == ["1", "2"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in unpack.target.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        b"../escape", b"a/../../escape", b"/etc/passwd", b"C:/escape", b"c:escape", b"a\\..\\b",
        b"\\\\host\\share", b"nul\0.dcm", b"//host/x", b"..", b"a/..", b".", b"x" * 5000,
    ],
)  # fmt: skip
def test_a_path_that_may_leave_the_folder_is_refused(unpack, name):
    error = refusal_of(unpack, with_raw_name(name))
    assert error.code == "zip-path-escape"
    assert "escape" not in error.sentence


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_links_and_devices_are_refused(unpack, kind):
    packed = make_zip(("a", b"1"), (entry_with_mode("link", kind | 0o777), b"/etc/passwd"))
    assert refusal_of(unpack, packed).code == "zip-link"


@pytest.mark.parametrize("flag", [0x1, 0x41])
def test_an_encrypted_entry_is_refused(unpack, flag):
    assert refusal_of(unpack, with_raw_name(b"secret", flag)).code == "zip-encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(unpack, tmp_path, method):
    file = tmp_path / "odd.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a", b"1")
    assert refusal_of(unpack, file.read_bytes()).code == "zip-unsupported"


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "content", "index"])
def test_a_damaged_zip_is_refused(unpack, damage):
    packed = bytearray(make_zip(("a", bytes(range(256)) * 40), ("b", b"2")))
    if damage == "empty":
        packed.clear()
    elif damage == "cut":
        del packed[len(packed) // 2 :]
    elif damage == "noise":
        packed[:] = b"PK\x03\x04" + b"noise" * 99
    elif damage == "content":
        packed[60] ^= 0xFF
    else:
        packed[packed.index(b"PK\x01\x02") + 1] ^= 0xFF
    assert refusal_of(unpack, bytes(packed)).code == "zip-damaged"


def test_a_bomb_stops_at_the_ratio_whatever_its_headers_say(unpack):
    packed = bytearray(make_zip(("zeros", bytes(5_000_000))))
    struct.pack_into("<L", packed, packed.index(b"PK\x01\x02") + 24, 10)  # claims 10 bytes
    limits = UnpackLimits(max_ratio=100, ratio_from_bytes=1000)
    assert refusal_of(unpack, bytes(packed), limits).code in {"zip-bomb", "zip-damaged"}
    honest = make_zip(("zeros", bytes(5_000_000)))
    assert refusal_of(unpack, honest, limits).code == "zip-bomb"


def test_the_limit_of_bytes_counts_all_files(unpack):
    packed = make_zip(("a", b"x" * 600), ("b", b"y" * 600))
    assert refusal_of(unpack, packed, UnpackLimits(max_bytes=1000)).code == "zip-bomb"


def test_a_small_zip_of_blank_images_is_no_bomb(unpack):
    assert len(unpack(make_zip(("blank", bytes(3_000_000))))["blank"]) == 3_000_000


def test_the_limit_of_files_holds(unpack):
    packed = make_zip(*[(str(n), b"") for n in range(4)])
    error = refusal_of(unpack, packed, UnpackLimits(max_files=3))
    assert error.code == "zip-too-many-files"


def test_an_index_too_large_for_the_memory_is_not_read(unpack):
    packed = bytearray(make_zip(("a", b"1")))
    struct.pack_into("<L", packed, packed.index(b"PK\x05\x06") + 12, 2**31)
    error = refusal_of(unpack, bytes(packed), UnpackLimits(max_files=3))
    assert error.code == "zip-too-many-files"


def test_the_size_of_an_index_counts_that_is_read_whatever_else_the_zip_says(unpack):
    index, end = 5000 * b"x", struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)
    end_64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(index), 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(index), 1)
    error = refusal_of(unpack, index + end_64 + locator + end, UnpackLimits(max_files=3))
    assert error.code == "zip-too-many-files"


def test_an_index_of_folders_alone_is_counted_before_it_is_taken_in(unpack):
    packed = make_zip(*[(f"{n}/", b"") for n in range(20)])
    assert refusal_of(unpack, packed, UnpackLimits(max_files=3)).code == "zip-too-many-files"
    assert unpack(packed, UnpackLimits(max_files=10)) == {}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_equal_names_are_kept_apart(unpack):
    packed = make_zip(("a/x.dcm", b"1"), ("a/x.dcm", b"2"), ("a/x (2).dcm", b"3"), ("a", b"4"))
    assert unpack(packed) == {
        "a/x.dcm": b"1",
        "a/x (2).dcm": b"2",
        "a/x (2) (2).dcm": b"3",
        "a": b"4",
    }


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_of_equal_names_alone_is_not_compared_with_itself(unpack):
    packed = make_zip(*[("a.png", b"")] * 6000)
    before = time.process_time()
    assert "a (6000).png" in unpack(packed)
    assert time.process_time() - before < 30  # each with each takes minutes


def test_an_index_that_names_a_place_before_the_file_is_damage(unpack):
    packed = bytearray(make_zip(("a.png", b"1")))
    struct.pack_into("<L", packed, len(packed) - 6, len(packed))  # where the index begins
    assert refusal_of(unpack, bytes(packed)).code == "zip-damaged"


@pytest.mark.parametrize(
    ("raw", "flags", "path"),
    [
        (b"M\x81ller.dcm", 0, "Müller.dcm"),  # code page 437
        ("Müller.dcm".encode(), 0, "Müller.dcm"),  # UTF-8 of Unix tools, not flagged
        ("Müller 漢字.dcm".encode(), 0x800, "Müller 漢字.dcm"),  # UTF-8, flagged
        (b"\xff\xfe.dcm", 0, "\u00a0■.dcm"),
    ],
)
def test_names_of_any_encoding_survive(unpack, raw, flags, path):
    assert list(unpack(with_raw_name(raw, flags))) == [path]


def test_a_zip_of_the_64_bit_kind_is_read(unpack, tmp_path):
    file = tmp_path / "large.zip"
    with zipfile.ZipFile(file, "w") as archive, archive.open("a", "w", force_zip64=True) as entry:
        entry.write(b"1")
    assert unpack(file.read_bytes()) == {"a": b"1"}


def test_numbers_start_where_asked_and_only_there(tmp_path):
    (tmp_path / "a.zip").write_bytes(make_zip(("a", b"1"), ("b", b"2")))
    unpacked = unpack_zip(Path(tmp_path / "a.zip"), tmp_path, first_number=7)
    assert [file.number for file in unpacked] == [7, 8]
    assert (tmp_path / "8").read_bytes() == b"2"
