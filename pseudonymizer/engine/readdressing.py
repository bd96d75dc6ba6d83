"""Give a pseudonymized file to another patient of its project: pseudonym and dates alone."""

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pseudonymizer.engine.earlier import Earlier
from pseudonymizer.engine.elements import Dataset, Element, text_element, text_of
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.identity import PATIENT_ID, PATIENT_NAME
from pseudonymizer.engine.output_files import Result, write_file
from pseudonymizer.engine.part10 import Part10, open_part10
from pseudonymizer.engine.profile import Profile
from pseudonymizer.engine.reading import Reader, Span
from pseudonymizer.engine.writing import write_dataset

_PIECE_BYTES = 2**20
_SUBJECT_ID = 0x00120040  # Clinical Trial Subject ID
_NAMED = (PATIENT_NAME, PATIENT_ID, _SUBJECT_ID)
_DUMMY_DAY = "19000101"  # what the engine writes where a date must be there and says nothing
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)(.*)", re.ASCII)

_OTHER_PATIENT = _("The image carries another pseudonym than expected; nothing was changed.")
_NOT_REVERSIBLE = _(
    "The image cannot be given to the other patient so that it can be given back exactly; "
    "nothing was changed. Delete the study and upload the original again."
)


@dataclass(frozen=True)
class Move:
    """A file's way from one patient to another.

    Attributes
    ----------
    old, new : str
        The pseudonyms.
    days : int
        By how many days the shifted dates move: the new shift less the old one; secret.
    profile : Profile
        What the file was made with; it tells which dates were shifted.
    """

    old: str
    new: str
    days: int = field(repr=False)
    profile: Profile

    @property
    def back(self) -> "Move":
        """The way back."""
        return Move(self.new, self.old, -self.days, self.profile)


def readdress_file(source: Path, target_dir: Path, move: Move) -> Result:
    """Write a copy of a pseudonymized file that carries another pseudonym of its project.

    UIDs, pixel data and everything else stay byte for byte. The way back gives the bytes of
    `source` again, which is tried before anything is written.

    Parameters
    ----------
    source : Path
        A file that `pseudonymize_file` wrote, never changed.
    target_dir : Path
        An existing folder; the file is named after its SOP Instance UID.
    move : Move

    Returns
    -------
    Result

    Raises
    ------
    PseudonymizationError
        With the codes "other-pseudonym" and "not-reversible", or what `read_header` raises.
    OSError
        If a file cannot be read or written.

    References
    ----------
    IHE Radiology Technical Framework, Patient Information Reconciliation: identifiers of study,
    series and instance stay when a patient is renamed or merged.
    """
    with open_part10(source) as part10:
        span = Span(part10.start, len(part10.buffer))
        dataset, position = Reader(part10.buffer).read_dataset(span, part10.encoding)
        if text_of(dataset.get(PATIENT_ID)) != move.old:
            raise PseudonymizationError("other-pseudonym", _OTHER_PATIENT)
        output = _readdressed(dataset, move)
        header = write_dataset(output, part10.encoding)
        if _way_back(header, part10, move) != part10.buffer[part10.start : position]:
            raise PseudonymizationError("not-reversible", _NOT_REVERSIBLE)
        chunks = _chunks(part10, header, position)
        with closing(chunks):
            return write_file(chunks, target_dir, output)


def _way_back(header: bytes, part10: Part10, move: Move) -> bytes:
    dataset, _end = Reader(header).read_dataset(Span(0, len(header)), part10.encoding)
    return write_dataset(_readdressed(dataset, move.back), part10.encoding)


def _chunks(part10: Part10, header: bytes, position: int) -> Generator[bytes, None, None]:
    yield part10.buffer[: part10.start]
    yield header
    for start in range(position, len(part10.buffer), _PIECE_BYTES):
        yield part10.buffer[start : start + _PIECE_BYTES]


def _readdressed(dataset: Dataset, move: Move) -> Dataset:
    output = _moved(dataset, Earlier(move.profile, move.days))
    for tag in _NAMED:
        element = output.get(tag)
        if element is not None and text_of(element) == move.old:
            output[tag] = text_element(tag, element.vr, move.new)
    return output


def _moved(dataset: Dataset, shifted: Earlier) -> Dataset:
    return {tag: _moved_element(element, shifted) for tag, element in dataset.items()}


def _moved_element(element: Element, shifted: Earlier) -> Element:
    if element.items is not None:
        items = [_moved(item, shifted) for item in element.items]
        return Element(element.tag, element.vr, items=items)
    if element.vr not in ("DA", "DT") or not element.value:
        return element
    days = shifted.days_at(element.tag, element.vr)
    if not days:
        return element
    values = [_moved_day(value, days) for value in text_of(element).split("\\")]
    return text_element(element.tag, element.vr, "\\".join(values))


def _moved_day(value: str, days: int) -> str:
    match = _DAY.fullmatch(value)
    if match is None or value.startswith(_DUMMY_DAY):
        return value
    year, month, day, rest = match.groups()
    try:
        moved = date(int(year), int(month), int(day)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return value
    return moved.strftime("%Y%m%d") + rest
