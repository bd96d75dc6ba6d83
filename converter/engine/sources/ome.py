"""OME-XML, the description in an OME-TIFF: which page is which plane, and how far apart they are.

Read by hand from a parser without entities; notes, persons and dates in it are never looked at.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.parsers import expat

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _

_MOST_CHARACTERS = 32 * 2**20
_ORDERS = frozenset({"XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"})
_MM = {
    "m": 1e3,
    "dm": 1e2,
    "cm": 10.0,
    "mm": 1.0,
    "µm": 1e-3,
    "μm": 1e-3,  # the Greek letter beside the micro sign
    "um": 1e-3,
    "nm": 1e-6,
    "Å": 1e-7,
    "pm": 1e-9,
    "in": 25.4,
    "thou": 0.0254,
}
_MS = {"d": 86.4e6, "h": 3.6e6, "min": 6e4, "s": 1e3, "ms": 1.0, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}
Attributes = Mapping[str, str]


@dataclass
class OmeImage:
    """One image: `planes[channel][time][slice]` is a page; spacings are None where not told."""

    attributes: Attributes
    name: str = ""  # to tell pictures of labels from others, and for nothing else
    samples: int = 1
    data: list[Attributes] = field(default_factory=list)
    channels: list[Attributes] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    times: dict[int, float] = field(default_factory=dict)
    """What each time says of itself, in ms, by the plane of the first channel and slice."""

    def size(self, axis: str) -> int:
        """Return how many planes there are along C, Z or T; a color is one channel."""
        size = _whole(self.attributes.get(f"Size{axis}", ""), least=1)
        return size // self.samples if axis == "C" else size

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """Return the distance between rows, then between columns."""
        rows, columns = self._length_mm("Y"), self._length_mm("X")
        return (rows, columns) if rows and columns else None

    @property
    def slice_mm(self) -> float | None:
        """Return the distance between slices."""
        return self._length_mm("Z")

    @property
    def durations_ms(self) -> list[float]:
        """Return the time from each point in time to the next; empty where it is not told."""
        count = self.size("T")
        unit = _MS.get(self.attributes.get("TimeIncrementUnit", "s"))
        step = _positive(self.attributes.get("TimeIncrement", ""))
        if unit and step:
            return [step * unit] * count
        told = [self.times[time] for time in range(count) if time in self.times]
        steps = [after - before for before, after in pairwise(told)]
        if len(told) != count or not steps or min(steps) <= 0:
            return []
        return [*steps, steps[-1]]

    def planes(self, page_count: int) -> list[list[list[int]]]:
        """Return the page of each plane by channel, time and slice.

        Raises
        ------
        ConversionError
            Code "incomplete" where a plane has no page; "damaged" where two have the same.

        References
        ----------
        OME-TIFF specification, TiffData.
        """
        sizes = {axis: self.size(axis) for axis in "CTZ"}
        order = self.attributes.get("DimensionOrder", "")
        if order not in _ORDERS:
            raise damaged()
        if math.prod(sizes.values()) > page_count:
            raise _missing_planes()
        found: dict[tuple[int, ...], int] = {}
        for data in self.data or [{}]:
            found.update(_placed(data, order[2:], sizes, page_count))
        try:
            pages = [
                [[found[c, t, z] for z in range(sizes["Z"])] for t in range(sizes["T"])]
                for c in range(sizes["C"])
            ]
        except KeyError:
            raise _missing_planes() from None
        if len(set(found.values())) != len(found) or max(found.values()) >= page_count:
            raise damaged()
        return pages

    def _length_mm(self, axis: str) -> float | None:
        return length_mm(self.attributes, f"PhysicalSize{axis}", "µm")


def read_ome(description: str) -> list[OmeImage]:
    """Read the images that an OME-XML describes.

    Parameters
    ----------
    description : str
        The Image Description of the first page.

    Returns
    -------
    list of OmeImage
        In the order of the description.

    Raises
    ------
    ConversionError
        Code "damaged" for what is no plain XML, document types and entities included;
        "incomplete" for a file that is one of several.
    """
    reader = _Reader()
    if len(description) > _MOST_CHARACTERS:
        raise damaged()
    try:
        reader.parser.Parse(description.encode(), True)
    except (expat.ExpatError, UnicodeError):
        raise damaged() from None
    if reader.is_part or any(reader.is_elsewhere(image.files) for image in reader.images):
        raise ConversionError(
            _(
                "This OME-TIFF is one of several files that belong together. "
                "Save the whole image as one OME-TIFF."
            ),
            "incomplete",
        )
    return reader.images


def length_mm(attributes: Attributes, name: str, usual_unit: str) -> float | None:
    """Return a length of an element in mm; None where it is not told, or not in such a unit."""
    unit = _MM.get(attributes.get(f"{name}Unit", usual_unit))
    length = _positive(attributes.get(name, ""))
    return length * unit if length and unit else None


class _Reader:
    """Takes in the elements that count; everything else is passed by."""

    def __init__(self) -> None:
        self.images: list[OmeImage] = []
        self.own_uuid = ""
        self.is_part = False
        self._text: list[str] | None = None
        self._name = ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse

    def is_elsewhere(self, files: set[str]) -> bool:
        """Tell whether pages lie in a file of another UUID."""
        return len(files) > 1 if not self.own_uuid else bool(files - {self.own_uuid})

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rsplit(" ", 1)[-1]
        if kind == "OME":
            self.own_uuid = attributes.get("UUID", "").strip()
        elif kind == "BinaryOnly":
            self.is_part = True
        elif kind == "Image":
            self._name = attributes.get("Name", "")
        elif kind == "Pixels":
            self.images.append(OmeImage(attributes, self._name))
        elif self.images:
            self._take(kind, attributes, self.images[-1])

    def _take(self, kind: str, attributes: dict[str, str], image: OmeImage) -> None:
        if kind == "Channel":
            image.samples = max(
                image.samples, _whole(attributes.get("SamplesPerPixel", "1"), least=1)
            )
            image.channels.append(attributes)
        elif kind == "TiffData":
            image.data.append(attributes)
        elif kind == "UUID":
            self._text = []
        elif kind == "Plane" and attributes.get("TheC") == attributes.get("TheZ") == "0":
            unit = _MS.get(attributes.get("DeltaTUnit", "s"))
            with_sign = _number(attributes.get("DeltaT", ""))
            if unit is not None and with_sign is not None:
                image.times[_whole(attributes.get("TheT", "0"))] = with_sign * unit

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if self._text is not None:
            self.images[-1].files.add("".join(self._text).strip())
            self._text = None


def _placed(
    data: Attributes, order: str, sizes: Mapping[str, int], page_count: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield (channel, time, slice) and page of the planes that one TiffData names."""
    first_page = _whole(data.get("IFD", "0"))
    usual = 1 if "IFD" in data else page_count
    count = _whole(data.get("PlaneCount", data.get("NumPlanes", str(usual))))
    position = 0
    for axis in reversed(order):
        position = position * sizes[axis] + _whole(data.get(f"First{axis}", "0"))
    last = math.prod(sizes.values())
    for page in range(first_page, first_page + min(count, last - position)):
        yield _at(position, order, sizes), page
        position += 1


def _at(position: int, order: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    found = {}
    for axis in order:
        position, found[axis] = divmod(position, sizes[axis])
    return tuple(found[axis] for axis in "CTZ")


def _whole(text: str, least: int = 0) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise damaged()
    return int(text)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(text: str) -> float | None:
    number = _number(text)
    return number if number and number > 0 else None


def _refuse(*declaration: object) -> None:
    raise damaged()


def _missing_planes() -> ConversionError:
    return ConversionError(
        _("Planes that this OME-TIFF announces are missing. Save the whole image as one file."),
        "incomplete",
    )


def frame_steps(durations_ms: Sequence[float], slices: int) -> list[float]:
    """Return the time since the frame before, where each point in time has `slices` frames."""
    starts = [0.0, *durations_ms[:-1]]
    return [step for start in starts for step in [start, *[0.0] * (slices - 1)]]
