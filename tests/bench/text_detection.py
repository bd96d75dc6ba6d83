"""Measures how much planted text is found: python -m tests.bench.text_detection."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from pseudonymizer.engine.burned_in.boxes import Box
from pseudonymizer.engine.burned_in.detector import NetworkDetector
from pseudonymizer.engine.burned_in.looking import with_margin
from tests.bench.page import put_section
from tests.bench.planted_text import FONTS, Line, Planted, clean_pictures, planted_pictures
from tests.bench.table import machine

FOUND = 0.5  # of a line's letters: a rest beside a box is told apart as "partly"
WHOLE = 0.98
PAGE = """## Text in pixels

{pictures} generated pictures of {shapes} pixels with {lines} lines of names, numbers and dates of
12 to 40 pixels, in nine fonts, six colors, level and upright, a third of them at the edge, each
legible (letters differ from what is around by twice its deviation or more); and {clean} without
text (`tests/bench/planted_text.py`). One thread. Measured on {machine}.

| | pictures | lines | found | of these partly | boxes on clean ones | seconds a frame |
|---|---|---|---|---|---|---|
{rows}

The goal: every line of at least 12 pixels found, no box on clean frames, under 0.5 s a frame on one
core. *Partly*: a letter or two stand beside the black box. Seconds are of the processor, median.
{missed}"""


@dataclass
class Score:
    """What was found on the pictures of one background."""

    pictures: int = 0
    lines: int = 0
    missed: list[Line] = field(default_factory=list)
    partly: int = 0
    false_boxes: int = 0
    seconds: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        cells = [
            name,
            str(self.pictures),
            str(self.lines),
            str(self.lines - len(self.missed)),
            str(self.partly),
            str(self.false_boxes),
            f"{median(self.seconds):.2f}",
        ]
        return f"| {' | '.join(cells)} |"

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.pictures + other.pictures,
            self.lines + other.lines,
            self.missed + other.missed,
            self.partly + other.partly,
            self.false_boxes + other.false_boxes,
            self.seconds + other.seconds,
        )


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the section."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.text_detection")
    parser.add_argument("--count", type=int, default=180, help="pictures with text")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--write", type=Path, help="the page to write, beside printing it")
    parser.add_argument("--fonts", nargs="+", default=FONTS, help="other font files to plant in")
    options = parser.parse_args(arguments)
    text = section(scores(options.count, options.seed, options.fonts))
    sys.stdout.write(text)
    if options.write:
        put_section(options.write, text)
    return 0


def scores(count: int, seed: int, fonts: Sequence[str] = FONTS) -> dict[str, Score]:
    """Return what the detector finds, by background."""
    detector, found = NetworkDetector(), {}
    detector.boxes(np.zeros((64, 64), np.uint8))  # loads the network
    for picture in planted_pictures(count, seed, fonts):
        score = found.setdefault(picture.background, Score())
        boxes = _timed(score, detector, picture.pixels)
        _judge(score, picture, boxes)
    for background, pixels in clean_pictures(count // 2, seed + 1):
        score = found.setdefault(background, Score())
        score.false_boxes += len(_timed(score, detector, pixels))
    return found


def section(found: dict[str, Score]) -> str:
    """Return the section of the page."""
    whole = sum(found.values(), Score())
    missed = Counter(f"{line.font}, {line.size} pixels" for line in whole.missed)
    told = ", ".join(f"{name} ({count})" for name, count in missed.items())
    return PAGE.format(
        pictures=whole.pictures,
        lines=whole.lines,
        clean=len(whole.seconds) - whole.pictures,
        shapes="512 x 512 to 1024 x 768",
        machine=machine(),
        rows="\n".join([*(each.row(name) for name, each in found.items()), whole.row("**all**")]),
        missed=f"Missed: {told}.\n" if told else "",
    )


def share_in(boxes: Iterable[Box], line: Line) -> float:
    """Return how much of a line's letters would be black."""
    black = np.zeros(line.mask.shape, bool)
    for box in boxes:
        wide = with_margin(box, ())
        black[wide.top : wide.bottom, wide.left : wide.right] = True
    return float(black[line.mask].mean())


def _judge(score: Score, picture: Planted, boxes: tuple[Box, ...]) -> None:
    score.pictures += 1
    for line in picture.lines:
        score.lines += 1
        share = share_in(boxes, line)
        if share < FOUND:
            score.missed.append(line)
        elif share < WHOLE:
            score.partly += 1


def _timed(score: Score, detector: NetworkDetector, pixels: np.ndarray) -> tuple[Box, ...]:
    start = time.process_time()
    boxes = detector.boxes(pixels)
    score.seconds.append(time.process_time() - start)
    return boxes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
