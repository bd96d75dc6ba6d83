"""Convert a source in a scratch folder and read back what became of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from series_samples import a_series

from converter.engine import Attributes, Converted, Options, Series, convert_file

Convert = Callable[..., list[Dataset]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def convert_paths(tmp_path: Path, out: Path) -> Callable[..., list[Converted]]:
    """Convert bytes or a file and return what the engine said it wrote."""

    def run(
        source: bytes | Path,
        attributes: Attributes | None = None,
        series: Series | None = None,
        **options: object,
    ) -> list[Converted]:
        if isinstance(source, bytes):
            path = tmp_path / "Mueller_Hans_1956.img"
            path.write_bytes(source)
            source = path
        return list(
            convert_file(
                source, out, attributes or Attributes(), series or a_series(), Options(**options)
            )
        )

    return run


@pytest.fixture
def convert(convert_paths: Callable[..., list[Converted]]) -> Convert:
    """Convert bytes or a file and read the instances back."""

    def run(source: bytes | Path, **keywords: object) -> list[Dataset]:
        return [pydicom.dcmread(one.path) for one in convert_paths(source, **keywords)]

    return run


@pytest.fixture
def dciodvfy_errors() -> Callable[[Path], list[str]]:
    """Return the Error lines of the validator of dicom3tools; never skipped."""

    def run(path: Path) -> list[str]:
        done = subprocess.run(
            ["/usr/bin/dciodvfy", "-new", str(path)], capture_output=True, text=True, timeout=60
        )
        lines = (done.stdout + done.stderr).splitlines()
        assert lines, "dciodvfy said nothing at all"
        return [line for line in lines if "Error" in line]

    return run
