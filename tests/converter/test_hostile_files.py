"""Files that are made to stop whoever opens them: they get a sentence, the others are done."""

import io
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.command_line import CommandLine, read_report

PATIENCE_SECONDS = 60
SIDE = 16_000  # a longer side would make it a pyramid, which is read strip by strip


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good pictures around one that has little in it and takes long to decode."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("1.jpg", "3.png"):
        Image.new("RGB", (12, 8), (40, 0, len(name))).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def tiff(tmp_path_factory) -> bytes:
    """256 million pixels, which the limits allow, in a few hundred kilobytes."""
    path = tmp_path_factory.mktemp("slow") / "slow.tif"
    black = np.zeros((SIDE, SIDE), np.uint8)
    tifffile.imwrite(path, black, rowsperstrip=1000, compression="zlib", photometric="minisblack")
    return path.read_bytes()


def slow_tiff() -> bytes:
    """Write four pages of 256 million pixels in little more than a megabyte."""
    content = io.BytesIO()
    page = np.zeros((SIDE, SIDE), np.uint8)
    with tifffile.TiffWriter(content) as file:
        for _page in range(4):
            file.write(page, rowsperstrip=1000, compression="zlib", photometric="minisblack")
    return content.getvalue()


def slow_gif() -> bytes:
    """Write 240 frames of 2 million pixels that all have to be laid over each other."""
    frames = [Image.new("P", (2000, 1000), number % 2) for number in range(240)]
    for number, frame in enumerate(frames):
        frame.putpalette([number, 0, 0, 0, 200, 90])
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], optimize=False)
    return content.getvalue()


def slow_webp() -> bytes:
    """Write 120 frames of 8 million pixels: the same two, over and over."""
    frames = [Image.new("RGB", (4000, 2000), (250 * number, 90, 0)) for number in range(2)]
    content = io.BytesIO()
    frames[0].save(content, "WebP", save_all=True, append_images=frames[1:], method=0)
    container = content.getvalue()
    start = container.index(b"ANMF")
    chunks = container[12:start] + container[start:] * 60
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def outcomes(report: Path) -> dict[str, tuple[str, str]]:
    files = read_report(report)["files"]
    return {Path(file["source"]).name: (file["outcome"], file["reason"]) for file in files}


@pytest.mark.parametrize("make", [slow_gif, slow_webp, slow_tiff])
def test_what_takes_too_long_is_ended(here, folder, tmp_path, make) -> None:
    (folder / "2.slow").write_bytes(make())
    ended = here.run(
        *("convert", folder, "--output", tmp_path / "out", "--report", tmp_path / "report.json"),
        PACS2GO_CONVERT_MAX_SECONDS="1",
        PACS2GO_CONVERT_MAX_PIXELS=str(4 * SIDE * SIDE),
    )
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    found = outcomes(tmp_path / "report.json")
    assert found["1.jpg"] == found["3.png"] == ("written", "")
    assert found["2.slow"][0] == "failed"
    assert "longer than allowed" in found["2.slow"][1]
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 2
    assert not list((tmp_path / "out").glob(".*"))


def test_what_takes_too_much_memory_is_refused(here, folder, tmp_path, tiff) -> None:
    (folder / "2.large").write_bytes(tiff)
    ended = here.run(
        *("convert", folder, "--output", tmp_path / "out", "--report", tmp_path / "report.json"),
        PACS2GO_WORKER_MEMORY_MB="350",
    )
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    found = outcomes(tmp_path / "report.json")
    assert found["1.jpg"] == found["3.png"] == ("written", "")
    assert found["2.large"][0] == "failed"
    assert not list((tmp_path / "out").glob(".*"))


def test_the_limits_of_the_settings_count_before_anything_is_decoded(
    here, folder, tmp_path, tiff
) -> None:
    (folder / "2.large").write_bytes(tiff)
    ended = here.run(
        *("convert", folder, "--output", tmp_path / "out", "--report", tmp_path / "report.json"),
        PACS2GO_CONVERT_MAX_PIXELS="255999999",
        PACS2GO_CONVERT_MAX_SECONDS="20",
    )
    assert ended.status == 1
    assert "larger than allowed" in outcomes(tmp_path / "report.json")["2.large"][1]


@pytest.fixture
def at_work(here, folder, tmp_path, tiff) -> Iterator:
    """A command that is at work on a file for long."""
    (folder / "2.slow").write_bytes(tiff)
    arguments = ("convert", folder / "2.slow", "--output", tmp_path / "out")
    with here.start(*arguments, "--report", tmp_path / "report.json") as process:
        yield process
        process.kill()


def child_of(process, other_than: int = 0) -> int:
    """Return the child that converts, as soon as there is one."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def found() -> int:
        assert process.poll() is None, "the command ended before its child was seen"
        children = [int(pid) for pid in path.read_text().split()]
        return next((pid for pid in children if pid != other_than), 0)

    return awaited(found)


def awaited(condition: Callable[[], int]) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.005)
    raise AssertionError("it never came to pass")


def test_a_child_that_is_killed_from_outside_costs_nothing(at_work, tmp_path) -> None:
    os.kill(child_of(at_work), signal.SIGKILL)
    out, _ = at_work.communicate(timeout=PATIENCE_SECONDS)
    assert (at_work.returncode, out) == (0, "1 written\n")


def test_a_file_whose_child_is_killed_twice_gets_a_sentence(at_work, tmp_path) -> None:
    first = child_of(at_work)
    os.kill(first, signal.SIGKILL)
    os.kill(child_of(at_work, first), signal.SIGKILL)
    at_work.communicate(timeout=PATIENCE_SECONDS)
    outcome, reason = outcomes(tmp_path / "report.json")["2.slow"]
    assert (at_work.returncode, outcome) == (1, "failed")
    assert "ended, twice" in reason


def test_ctrl_c_leaves_nothing_half_written(at_work, tmp_path) -> None:
    child = child_of(at_work)
    at_work.send_signal(signal.SIGINT)
    _, err = at_work.communicate(timeout=PATIENCE_SECONDS)
    assert (at_work.returncode, "Traceback" in err) == (130, False)
    assert list((tmp_path / "out").rglob("*")) == []
    assert not Path(f"/proc/{child}").exists()


def test_what_a_killed_command_left_goes_with_the_next(at_work, here, tmp_path) -> None:
    child = child_of(at_work)
    (left,) = (tmp_path / "out").glob(".*")
    at_work.kill()
    awaited(lambda: is_gone(child))
    os.utime(left, (1, 1))
    image = tmp_path / "1.png"
    Image.new("L", (3, 2)).save(image)
    assert here.run("convert", image, "--output", tmp_path / "out").status == 0
    assert not left.exists()


def is_gone(pid: int) -> bool:
    """Tell whether a process is no more, or waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True
