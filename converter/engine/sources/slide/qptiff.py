"""Fluorescence slides of PerkinElmer and Akoya (QPTIFF): all channels of a level, then the next."""

import html
import re
from collections.abc import Sequence
from itertools import groupby

from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.directories import Directory
from converter.engine.sources.slide.optics import EPIFLUORESCENCE, OpticalPath, Optics, one_line

_SOFTWARE = b"PerkinElmer-QPI"
# What stands first counts: a long scan profile with names of its own follows.
_MARKER = re.compile(rb"<Biomarker>([^<]{1,200})</Biomarker>")
_NAME = re.compile(rb"<Name>([^<]{1,200})</Name>")
_OBJECTIVE = re.compile(rb"<Objective>\s{0,9}(\d{1,3}(?:\.\d{1,3})?)\s{0,9}[xX]")


def qptiff_channels(directories: Sequence[Directory]) -> list[list[Directory]]:
    """Return the channels of each level, the finest first; nothing for any other TIFF.

    Between the levels stand a thumbnail and, behind them, pictures of the glass and its label;
    these are single, so that a slide of one channel is told from them by its marks alone.
    """
    first = directories[0]
    if not (first.is_tiled and first.blob(tiff.SOFTWARE, 1024).startswith(_SOFTWARE)):
        return []
    runs = [list(run) for _form, run in groupby(directories, key=_form)]
    count = len(runs[0])
    return [run for run in runs if len(run) == count and run[0].is_tiled] if count > 1 else []


def _form(directory: Directory) -> tuple[int, int, int]:
    return *directory.size, directory.number(tiff.SAMPLES_PER_PIXEL, 1)


def qptiff_optics(channels: Sequence[Directory]) -> Optics:
    """Return the optical paths of the channels, by the names in their descriptions."""
    return Optics(tuple(OpticalPath(_name(one), EPIFLUORESCENCE) for one in channels))


def qptiff_magnification(first: Directory) -> float:
    """Return the power of the objective, 0 where it is not told."""
    found = _OBJECTIVE.search(first.description)
    return float(found[1]) if found else 0.0


def _name(channel: Directory) -> str:
    description = channel.description
    found = _MARKER.search(description) or _NAME.search(description)
    return one_line(html.unescape(found[1].decode("utf-8", "replace"))) if found else ""
