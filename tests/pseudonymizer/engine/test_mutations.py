"""Thousands of files that were whole once: bits flipped, cut, lengths that lie, parts of others."""

import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from pseudonymizer.engine import (
    Box,
    Context,
    ProfileSpec,
    PseudonymizationError,
    build_profile,
    pseudonymize_file,
    read_header,
)
from pseudonymizer.engine.options import SWITCHES

NAMES = (
    "CT_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "image_dfl.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
)
NAME = "Zwirbelmayr"
MUTATIONS = 200  # of each file
SECONDS = 2  # of the processor for one file
LENGTHS = (0, 1, 2, 0xFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
PARTS = (
    b"SQ\0\0\xff\xff\xff\xff",
    b"UN\0\0\xff\xff\xff\xff",
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"\xfe\xff\xdd\xe0\0\0\0\0",
)
HEAD = 4000  # where the structure of a file stands, mostly


class OneBox:
    """Finds text in every other picture, so that frames are decoded and painted."""

    def __init__(self) -> None:
        self._count = 0

    def boxes(self, image: np.ndarray) -> tuple[Box, ...]:
        self._count += 1
        return (Box(1, 1, 4, 4),) * (self._count % 2)


def original(name: str, path: Path) -> bytes:
    dataset = pydicom.dcmread(get_testdata_file(name))
    dataset.PatientName, dataset.BurnedInAnnotation = f"{NAME}^Hans", "YES"
    dataset.save_as(path)
    return path.read_bytes()


def mutated(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        place = chance.randrange(min(len(content), HEAD) or 1)
        changes = (
            content[:place] + bytes((chance.randrange(256),)) + content[place + 1 :],
            content[: chance.randrange(len(content) or 1)],
            _with_length(content, place, chance),
            content[:place] + content[place + chance.randrange(60) :],
            content[:place] + chance.randbytes(chance.randrange(40)) + content[place:],
            content[:place] + content[place // 2 : place // 2 + 200] + content[place:],
            content[:place] + chance.choice(PARTS) + content[place:],
        )
        content = chance.choice(changes)
    return content


def _with_length(content: bytes, place: int, chance: random.Random) -> bytes:
    size = chance.choice((2, 4))
    number = chance.choice(LENGTHS) & ((1 << 8 * size) - 1)
    return content[:place] + number.to_bytes(size, "little") + content[place + size :]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_written_held_or_refused_soon_and_quotes_nothing(
    name: str, tmp_path: Path, target: Path, context: Context
) -> None:
    chance = random.Random(name)  # noqa: S311
    told: list[str] = []
    open_profile = build_profile(ProfileSpec(SWITCHES - {"modified_dates", "only_iod"}))
    contexts = [
        replace(context, detector=OneBox(), profile=p) for p in (context.profile, open_profile)
    ]
    whole, source = original(name, tmp_path / "whole"), tmp_path / "source"
    for _ in range(MUTATIONS):
        source.write_bytes(mutated(whole, chance))
        began = time.process_time()
        for act in (
            read_header,
            lambda path: pseudonymize_file(path, target, chance.choice(contexts)),
        ):
            try:
                act(source)
            except PseudonymizationError as error:
                told.append(str(error))
        for path in target.iterdir():
            assert path.suffix == ".dcm"
            path.unlink()
        assert time.process_time() - began < SECONDS
    assert len(told) > MUTATIONS // 10
    assert not any(NAME in sentence for sentence in told)
