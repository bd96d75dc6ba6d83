"""What files of a series share is remembered, and never shows in what comes out."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from struct import pack

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.actions import Keys
from pseudonymizer.engine.building import default_profile
from pseudonymizer.engine.dataset import Walk, pseudonymize_dataset
from pseudonymizer.engine.elements import EXPLICIT_LITTLE
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.reading import Reader, Span
from pseudonymizer.engine.series import Series

PIXELS = pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 4) + bytes(4)
WALK = Walk(
    default_profile(), Keys(b"a key of this test project alone", -400, date(2026, 3, 1)), {}
)


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", group, number, vr, len(value)) + value


def sequence(group: int, number: int, content: bytes) -> bytes:
    item = pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
    return pack("<HH2sHL", group, number, b"SQ", 0, len(item)) + item


# Elements of a few tags with a few values, so that files of one list often agree and often do not.
ELEMENTS = st.one_of(
    st.builds(
        element,
        st.sampled_from([0x0008, 0x0009, 0x0010, 0x0018]),
        st.sampled_from([0x0010, 0x0020, 0x0030, 0x1030]),
        st.sampled_from([b"LO", b"DA", b"UI", b"PN"]),
        st.sampled_from([b"", b"20200102", b"1.2.3.45", b"Chest CT"]),
    ),
    st.builds(
        sequence,
        st.just(0x0008),
        st.sampled_from([0x1110, 0x1140]),
        st.sampled_from([b"", element(0x0008, 0x1155, b"UI", b"1.2.3.45")]),
    ),
    st.sampled_from([element(0x0010, 0x0020, b"LO", b"x")[:-1], b"\0" * 6]),  # damaged files
)
HEADERS = st.lists(ELEMENTS, max_size=12).flatmap(
    lambda parts: st.sampled_from([parts, sorted(parts)]).map(b"".join)
)


def read_plainly(content: bytes) -> object:
    try:
        return Reader(content).read_dataset(Span(0, len(content)), EXPLICIT_LITTLE)
    except PseudonymizationError as error:
        return error.code


def read_in(series: Series, content: bytes) -> object:
    try:
        header = series.read(content, 0, EXPLICIT_LITTLE)
    except PseudonymizationError as error:
        return error.code
    assert header.treated(WALK) == pseudonymize_dataset(header.dataset, WALK)
    return header.dataset, header.position


@given(st.lists(st.tuples(HEADERS, st.sampled_from([b"", PIXELS])), max_size=8))
def test_a_series_reads_every_header_as_it_would_be_read_alone(files: list[tuple[bytes, bytes]]):
    series = Series()
    for header, pixels in files:
        content = header + pixels
        assert read_in(series, content) == read_plainly(content)


def slices(ct: Dataset, write_file, changes: Iterable[dict[str, str]]) -> list[Path]:
    """Write images of one series; each differs from the first by its changes."""
    paths = []
    for number, change in enumerate(changes):
        image = Dataset(dict(ct.items()))
        image.SOPInstanceUID = f"1.3.6.1.4.1.5962.9.{number}"
        image.StudyDescription, image.StudyDate = "Head", "20200102"
        for keyword, value in change.items():
            setattr(image, keyword, value)
        paths.append(write_file(image))
    return paths


CHANGES: list[dict[str, str]] = [
    {},
    {},
    {"AcquisitionTime": "101112"},
    {"StudyDate": "20200103"},
    {"BodyPartExamined": "HEAD"},
    {},
    {"StudyDescription": "Foot"},
    {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"},
    {},
]


@pytest.mark.parametrize("is_explicit", [True, False])
def test_files_of_a_series_come_out_as_each_alone(
    ct: Dataset, write_file, target: Path, context: Context, is_explicit: bool
):
    def written(path: Path, chosen: Context) -> bytes:
        return pseudonymize_file(path, target, chosen).path.read_bytes()

    sources = slices(ct, lambda image: write_file(image, is_explicit=is_explicit), CHANGES)
    together = [written(source, context) for source in sources]

    alone = [written(source, replace(context, series=Series())) for source in sources]
    assert together == alone


def test_another_profile_makes_no_use_of_what_the_one_before_made(
    ct: Dataset, write_file, target: Path, context: Context
):
    first, second, third = slices(ct, write_file, [{}, {}, {}])
    pseudonymize_file(first, target, context)
    pseudonymize_file(second, target, context)
    full = build_profile(ProfileSpec(switches=frozenset({"full_dates"})))
    output = pseudonymize_file(third, target, replace(context, profile=full)).path
    assert pydicom.dcmread(output).StudyDate == "20200102"
