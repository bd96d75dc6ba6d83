"""Pseudonymize one file: read, check, walk, put the new identity in, write."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pseudonymizer.engine.actions import Keys
from pseudonymizer.engine.burned_in.boxes import Box, TextDetector
from pseudonymizer.engine.burned_in.detector import NetworkDetector
from pseudonymizer.engine.burned_in.inspection import TEXT_CODES, ImageFile, Looks, inspect
from pseudonymizer.engine.checks import LET_THROUGH, hold_back
from pseudonymizer.engine.dataset import Walk, pseudonymize_dataset
from pseudonymizer.engine.earlier import Earlier
from pseudonymizer.engine.elements import Dataset, text_of
from pseudonymizer.engine.finding import IdentifierLeft
from pseudonymizer.engine.gathering import Gathered
from pseudonymizer.engine.identity import SOP_INSTANCE_UID, Header, header_of
from pseudonymizer.engine.iod_types import types_in
from pseudonymizer.engine.joining import StoredStudy
from pseudonymizer.engine.last_look import Learned, last_look, shared_texts
from pseudonymizer.engine.outlines import outline_of
from pseudonymizer.engine.output_files import Chunk, Result, write_file
from pseudonymizer.engine.part10 import Part10, open_part10, write_meta
from pseudonymizer.engine.pixels import (
    Pixels,
    find_pixels,
    prepare_header,
    syntax_of,
    write_pixels,
)
from pseudonymizer.engine.profile import Profile
from pseudonymizer.engine.series import Series, SeriesHeader
from pseudonymizer.engine.sharing import Shared
from pseudonymizer.engine.statements import (
    is_settled,
    state_document,
    state_features,
    state_pixels,
    state_video,
)
from pseudonymizer.engine.subject import Subject, put_subject
from pseudonymizer.engine.taking_out import take_out
from pseudonymizer.engine.traces import KnownPerson
from pseudonymizer.engine.writing import write_dataset

_MOST_LOOKS = 50  # a look tells of a few findings at a time


@dataclass(frozen=True)
class Context:
    """Who takes the patient's place, by which keys and rules, and what time the job has.

    `known` is what the registry knows of the patient: nothing of it may be left in the output.
    `series` and `texts` remember what headers have in common: one context for the files of a
    series.
    """

    subject: Subject
    uid_key: bytes = field(repr=False)
    profile: Profile
    now: datetime
    accepted: frozenset[str] = frozenset()  # codes of HeldBack that a steward let through
    # Texts of findings that a steward called harmless, or wants taken out.
    false_alarms: frozenset[str] = field(default=frozenset(), repr=False)
    removals: frozenset[str] = field(default=frozenset(), repr=False)
    known: KnownPerson = field(default_factory=KnownPerson, repr=False)
    earlier: Earlier | None = None  # where the file was de-identified before
    study: StoredStudy | None = None  # which the file joins
    redactions: tuple[Box, ...] = ()  # of pixels that a steward wants blacked out
    is_unlooked: bool = False  # Burned In Annotation YES says only that nobody has looked
    detector: TextDetector = field(default_factory=NetworkDetector, repr=False, compare=False)
    series: Series = field(default_factory=Series, repr=False, compare=False)
    texts: Shared[Gathered] = field(default_factory=shared_texts, repr=False, compare=False)


def pseudonymize_file(
    source: Path,
    target_dir: Path,
    context: Context,
    check: Callable[[Header], None] | None = None,
    name: str = "",
) -> Result:
    """Write the pseudonymized copy of one DICOM file.

    The transfer syntax and the pixel data stay as they are; only Deflated Explicit VR
    becomes Explicit VR, which every archive reads. Equal inputs give equal
    bytes. A file of the same name in `target_dir` is replaced; where writing fails, none is left.

    Parameters
    ----------
    source : Path
        The original, never changed.
    target_dir : Path
        An existing folder that nobody else reads or writes meanwhile.
    context : Context
        Subject, project's UID key, profile and the job's clock.
    check : callable, optional
        Looks at the original's header before anything is written; it raises to refuse it.
    name : str, optional
        Of the new file; without one, its new SOP Instance UID.

    Returns
    -------
    Result

    Raises
    ------
    PseudonymizationError
        If the file is not a complete DICOM file.
    HeldBack
        If a data steward has to decide.
    OSError
        If a file cannot be read or written.

    References
    ----------
    DICOM PS3.15 Annex E; PS3.10 7.1.
    """
    with open_part10(source) as part10:
        read = context.series.read(part10.buffer, part10.start, part10.encoding)
        dataset = read.dataset
        header = header_of(dataset)
        if check is not None:
            check(header)
        hold_back(dataset, header.sop_class_uid, context.accepted, part10.is_video)
        pixels = find_pixels(part10, read.position, dataset)
        output = read.treated(walk_of(header.sop_class_uid, context))
        put_subject(output, context.subject, context.profile, context.earlier)
        if context.study is not None:
            context.study.put_into(output)
        _let_through(dataset, output, context)
        _look(read, output, header.sop_class_uid, context)
        state_features(output, dataset, header.sop_class_uid, context.accepted)
        state_document(output, dataset)
        if part10.is_video:
            state_video(output)
        image = ImageFile(part10, dataset, header.sop_class_uid, pixels)
        pixels = _inspected(image, output, context)
        chunks = _chunks(part10, output, pixels, header.sop_class_uid)
        with closing(chunks):  # before the file is: its views end then, whatever happened
            return write_file(chunks, target_dir, output, name)


def _let_through(dataset: Dataset, output: Dataset, context: Context) -> None:
    """Put back what a data steward accepted, but for what the project has a rule of its own."""
    for code, tag in LET_THROUGH.items():
        if code in context.accepted and tag in dataset and not context.profile.has_own_rule(tag):
            output[tag] = dataset[tag]


def _inspected(image: ImageFile, output: Dataset, context: Context) -> Pixels | None:
    """Return the pixels without burned-in text, and say so in the header of the output."""
    accepted = context.accepted
    if context.earlier is not None and is_settled(image.header):
        accepted |= TEXT_CODES  # by this engine, or by the steward of the first project
    if image.part10.is_video:
        accepted |= TEXT_CODES  # it would be held, had nobody looked at it
    looks = Looks(context.detector, accepted, context.redactions, context.is_unlooked)
    inspected = inspect(image, looks)
    state_pixels(output, inspected)
    if inspected.pixels is not None:
        prepare_header(output, inspected.pixels, image.part10.transfer_syntax_uid)
    return inspected.pixels


def pseudonymize_header(dataset: Dataset, sop_class_uid: str, context: Context) -> Dataset:
    """Return a header as the profile leaves it, with the subject in the patient's place."""
    output = pseudonymize_dataset(dataset, walk_of(sop_class_uid, context))
    put_subject(output, context.subject, context.profile, context.earlier)
    return output


def walk_of(sop_class_uid: str, context: Context) -> Walk:
    """Return the rules for a header of this SOP class."""
    days = context.subject.date_shift_days
    keys = Keys(context.uid_key, days, context.now.date(), context.earlier)
    outline = outline_of(sop_class_uid) if context.profile.only_iod else None
    return Walk(context.profile, keys, types_in(sop_class_uid), outline)


def _look(read: SeriesHeader, output: Dataset, sop_class_uid: str, context: Context) -> None:
    """Take the last look, without the values that a steward wants taken out."""
    dataset, learned = read.dataset, Learned(read.named, context.texts)
    for _ in range(_MOST_LOOKS):
        try:
            return last_look(dataset, output, context.known, context.false_alarms, learned)
        except IdentifierLeft as left:
            unwanted = [found for found in left.findings if found.text in context.removals]
            if not unwanted:
                raise
            take_out(output, unwanted, types_in(sop_class_uid))
    return last_look(dataset, output, context.known, context.false_alarms, learned)


def _chunks(
    part10: Part10, output: Dataset, pixels: Pixels | None, sop_class_uid: str
) -> Generator[Chunk, None, None]:
    """Yield the output file: meta, header, pixel data, and nothing after it."""
    uid, syntax = text_of(output[SOP_INSTANCE_UID]), syntax_of(part10, pixels)
    yield write_meta(sop_class_uid, uid, syntax)
    yield write_dataset(output, part10.encoding)
    if pixels is not None:
        yield from write_pixels(pixels, part10.encoding)
