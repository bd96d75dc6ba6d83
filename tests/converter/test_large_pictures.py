"""A large picture takes the memory of its decoded pixels, a band, and the program; or nothing."""

import resource
import sys
from pathlib import Path

import pytest
from PIL import Image

from converter.engine import ConversionError
from converter.engine.sources.large import check_memory
from tests.bench.measuring import measure
from tests.migrated import ROOT

PROGRAM_MB = 300


def peak_mb(folder: Path, source: Path) -> float:
    """Return the most memory that a command or one of its children takes to convert a file."""
    environment = {
        "PACS2GO_DATA": str(folder / "data"),
        "PACS2GO_KEYS_FILE": str(folder / "keys"),
        "PACS2GO_SECRET_KEY": 50 * "x",
    }
    command = (sys.executable, str(ROOT / "manage.py"), "convert", str(source))
    return measure((*command, "--output", str(folder / "out")), folder, environment).peak_mb


@pytest.mark.parametrize(("kind", "options"), [("PNG", {"compress_level": 1}), ("JPEG", {})])
def test_a_pyramid_holds_one_copy_of_its_pixels(tmp_path, kind, options) -> None:
    source = tmp_path / "source"
    smooth = Image.linear_gradient("L").resize((16_500, 4_000)).convert("RGB")
    smooth.save(source, kind, **options)
    decoded_mb = 16_500 * 4_000 * 4 / 2**20
    assert peak_mb(tmp_path, source) < decoded_mb + PROGRAM_MB


def test_an_image_holds_one_as_well(tmp_path) -> None:
    source = tmp_path / "source.png"
    Image.new("RGB", (12_000, 8_000), (9, 99, 199)).save(source, compress_level=1)
    decoded_mb = 12_000 * 8_000 * 4 / 2**20
    assert peak_mb(tmp_path, source) < decoded_mb + PROGRAM_MB


@pytest.fixture
def one_gigabyte() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


@pytest.mark.usefixtures("one_gigabyte")
def test_what_there_is_no_room_for_is_refused_before_it_is_decoded() -> None:
    check_memory(16_384, 16_383, 3)
    check_memory(32_768, 32_767, 1)
    for size in ((16_385, 16_385, 3), (32_769, 32_769, 1)):
        with pytest.raises(ConversionError, match="larger than allowed"):
            check_memory(*size)
