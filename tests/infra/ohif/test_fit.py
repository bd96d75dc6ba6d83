import io
import re
import tarfile
from pathlib import Path

import pytest

from infra.errors import FitError
from infra.ohif.fit import COMPRESSED_SUFFIXES, compress_folder, replace_counted, unpack
from infra.ohif.replacements import REPLACEMENTS, Replacement

FONT = Replacement("fonts", "*.css", re.compile(r"url\(/"), "url(/ohif/", count=2)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_expected_number_of_replacements_is_made(tmp_path: Path) -> None:
    one = write(tmp_path, "one.css", "a { src: url(/x.woff2) }")
    two = write(tmp_path, "two.css", "b { src: url(/y.woff2) }")
    replace_counted(tmp_path, FONT)
    assert one.read_text() == "a { src: url(/ohif/x.woff2) }"
    assert two.read_text() == "b { src: url(/ohif/y.woff2) }"


@pytest.mark.parametrize("times", [0, 1, 3])
def test_another_number_stops_and_says_what_was_expected_and_found(
    tmp_path: Path, times: int
) -> None:
    write(tmp_path, "one.css", "url(/x) " * times)
    with pytest.raises(FitError, match=rf"fonts \(\*\.css\) should occur 2 times, found {times}"):
        replace_counted(tmp_path, FONT)


def test_every_replacement_points_below_the_viewers_own_address() -> None:
    words = ("address", "inline script")
    own_address = [r for r in REPLACEMENTS if r.replacement and any(w in r.what for w in words)]
    assert own_address
    assert all("/ohif/" in r.replacement for r in own_address)


def test_unpacking_takes_the_build_and_its_license_and_nothing_else(tmp_path: Path) -> None:
    tarball = tmp_path / "package.tgz"
    names = [
        "package/dist/index.html",
        "package/dist/assets/icon.svg",
        "package/dist/app.js.map",
        "package/dist/sw.js",
        "package/dist/../escaped.js",
        "package/src/index.js",
        "package/LICENSE",
    ]
    with tarfile.open(tarball, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
    folder = tmp_path / "viewer"
    unpack(tarball, folder)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {"index.html", "assets/icon.svg", "LICENSE"}


def test_large_text_files_get_a_compressed_twin(tmp_path: Path) -> None:
    write(tmp_path, "app.js", "x" * 5000)
    write(tmp_path, "small.js", "x")
    write(tmp_path, "picture.png", "x" * 5000)
    compress_folder(tmp_path)
    assert {path.name for path in tmp_path.glob("*.gz")} == {"app.js.gz"}


def test_the_viewers_webassembly_is_compressed_too() -> None:
    assert ".wasm" in COMPRESSED_SUFFIXES
