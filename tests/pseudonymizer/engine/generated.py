"""Generated datasets as bytes of a file: every VR, every way to nest, padding and its absence."""

from dataclasses import dataclass
from struct import pack

from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from raw_values import known_vr
from test_table import concrete_rows, tag_of

LONG = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
SIZES = {"US": 2, "SS": 2, "AT": 4, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
SIZES |= {"OB": 1, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8, "UN": 1}
CHARACTER_SETS = {
    b"": b"Zimt Kardamom",
    b"ISO_IR 100": "Kümmel".encode("latin-1"),
    b"ISO_IR 192": "Süßholz 甘草".encode(),
    b"ISO 2022 IR 87": b"Minze=\x1b$B;32V\x1b(B",
    b"ISO_IR 144": "Мята".encode("iso8859_5"),
    b"GB18030": "薄荷".encode("gb18030"),
}
DATES = (b"20200304", b"2020.03.04", b"19000101", b"20231301", b"2020", b"20990101", b"20200304\\")
TIMES = (b"101112", b"10", b"10:11:12", b"101112.123456", b"2561", b"101112\\1011")
TEXTS = {
    "AE": (b"STATION7", b"A\\B"),
    "AS": (b"045Y", b"093Y", b"120M", b"45"),
    "CS": (b"ORIGINAL\\PRIMARY", b"M", b"HFS"),
    "DA": (*DATES, b"19991231\\20200304"),
    "DS": (b"1.5", b"0.625\\0.625", b"1e3", b"viel", b" 7"),
    "DT": (*(day + b"101112.5+0100" for day in DATES), b"202003", b"20200304+0100"),
    "IS": (b"17", b"1\\2\\3", b"-4", b"Zimt"),
    "TM": TIMES,
    "UI": (b"1.2.840.10008.1.2", b"1.3.6.1.4.1.99999.7", b"1.2.840.10008.5.1.4.99.7", b"1.2\\3.4"),
    "UR": (b"https://minze.example/a",),
}
WORDS = (b"Chest CT", b"+0100", b"DCM", b"CHEST MUELLHEIM\\HEAD", *CHARACTER_SETS.values())
PERSONS = (b"Quill^Oskar", b"Vrba^Ilka=", b"")
UNLISTED = (0x00081115, 0x00180010, 0x00180050, 0x00186060, 0x00189073, 0x00200013, 0x00280106)
UNKNOWN = (0x0018FFF2, 0x0040FFF4)
SEQUENCES = (0x00081115, 0x00081140, 0x00082218, 0x0040A730, 0x00540016, 0x00400275, 0x0018FFF0)
PLANES = (0x50000010, 0x501E3000, 0x60003000, 0x60001500, 0x601E0022)
CREATORS = (b"GEMS_ACQU_01", b"SIEMENS MR HEADER ", b"ZIMT 1.0")
PRIVATE = ((0x02, "SL"), (0x0B, "DS"), (0x0C, "IS"), (0x0F, "DS"), (0x17, "SS"), (0x31, "UN"))
HEADER = range(0x00080000, 0x7FE00000)
# What a file of a class must or must not have, or what holds it back, is not for generation.
LEFT_OUT = frozenset(
    {0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00080005, 0x00420011, 0x00280302, 0x00100030}
)


UIDS = (0x00080018, 0x0020000D, 0x0020000E)


@dataclass(frozen=True)
class Node:
    """One element: bytes, or the items of a sequence."""

    tag: int
    vr: str
    content: "bytes | tuple[tuple[Node, ...], ...]"
    is_open: bool = False  # of undefined length, its items too


@dataclass(frozen=True)
class Form:
    """How a file is written."""

    syntax: str
    is_explicit: bool = True
    order: str = "<"


FORMS = (
    Form(ExplicitVRLittleEndian),
    Form(ImplicitVRLittleEndian, is_explicit=False),
    Form(ExplicitVRBigEndian, order=">"),
)
INNER = Form(ImplicitVRLittleEndian, is_explicit=False)


def plain_tags() -> list[int]:
    """Return the attributes of Table E.1-1 and others, sequences and what holds a file aside."""
    named = {tag_of(row) for row in concrete_rows() if tag_of(row) in HEADER}
    found = {*named, *UNLISTED, *UNKNOWN, *PLANES} - LEFT_OUT
    return sorted(tag for tag in found if known_vr(tag) != "SQ")


def values(vr: str, *, is_odd: bool) -> st.SearchStrategy[bytes]:
    """Return raw values of a VR: right, strange and empty ones, of odd lengths where asked."""
    if vr in SIZES:
        found = st.binary(max_size=4).map(lambda raw: raw * SIZES[vr])
        return st.one_of(found, st.binary(max_size=5)) if is_odd else found
    texts = TEXTS.get(vr) or (PERSONS if vr == "PN" else WORDS)
    found = st.sampled_from((*texts, b""))
    return found if is_odd else found.map(lambda text: text + b" " * (len(text) % 2))


def all_attributes(number: int, said: str = "") -> tuple[Node, ...]:
    """Return every attribute of the dictionary and the table but sequences, by one value each."""
    tags = {tag for tag in (*DicomDictionary, *plain_tags()) if tag in HEADER}
    nodes = []
    for tag in sorted(tags - LEFT_OUT):
        vr = known_vr(tag) or "LO"
        if vr not in ("SQ", "OB or OW"):
            nodes.append(Node(tag, said or vr, nth_value(vr, number)))
    return tuple(nodes)


def nth_value(vr: str, number: int) -> bytes:
    """Return one of the values of a VR, over and over again."""
    if vr in SIZES:
        found = (bytes(SIZES[vr]), b"Zwirbelmayr^Ilka", b"\x01" * 3, b"\x41\0" * 8, b"")
    else:
        found = (*(TEXTS.get(vr) or (PERSONS if vr == "PN" else WORDS)), b"")
    return found[number % len(found)]


def inside(nodes: tuple[Node, ...], sequence: int) -> tuple[Node, ...]:
    """Return a dataset that holds another one in a sequence."""
    return (Node(sequence, "SQ", (nodes,)),)


def plain(*, is_odd: bool) -> st.SearchStrategy[Node]:
    """Return single elements; some say another VR than the dictionary."""

    def of(tag: int) -> st.SearchStrategy[Node]:
        vr = known_vr(tag) or "LO"
        said = st.sampled_from((vr, vr, vr, "UN", "LO", "PN", "US")) if is_odd else st.just(vr)
        return said.flatmap(
            lambda vr: values(vr, is_odd=is_odd).map(lambda content: Node(tag, vr, content))
        )

    return st.sampled_from(plain_tags()).flatmap(of)


def private(*, is_odd: bool) -> st.SearchStrategy[tuple[Node, ...]]:
    """Return a private block: its creator, if it has one, and elements in it."""

    def block(creator: bytes, parts: list[tuple[int, str, bytes]]) -> tuple[Node, ...]:
        elements = {n: Node(0x00191000 | n, vr, content) for n, vr, content in parts}
        begin = (Node(0x00190010, "LO", creator),) if creator else ()
        return (*begin, *elements.values())

    element = st.sampled_from(PRIVATE).flatmap(
        lambda kind: values(kind[1], is_odd=is_odd).map(lambda content: (*kind, content))
    )
    return st.builds(block, st.sampled_from((*CREATORS, b"")), st.lists(element, max_size=3))


def datasets(*, is_odd: bool = True) -> st.SearchStrategy[tuple[Node, ...]]:
    """Return datasets that nest, in ascending order of tags; open or closed, as SQ or as UN."""

    def joined(single, blocks, sequences) -> tuple[Node, ...]:
        by_tag = {node.tag: node for node in (*single, *blocks, *sequences)}
        return tuple(by_tag[tag] for tag in sorted(by_tag))

    def level(items: st.SearchStrategy) -> st.SearchStrategy[tuple[Node, ...]]:
        sequence = st.builds(
            Node,
            st.sampled_from(SEQUENCES),
            st.sampled_from(("SQ", "SQ", "UN")),
            st.lists(items, max_size=3).map(tuple),
            st.booleans(),
        )
        singles = st.lists(plain(is_odd=is_odd), max_size=6)
        return st.builds(joined, singles, private(is_odd=is_odd), st.lists(sequence, max_size=2))

    return st.recursive(level(st.just(())), level, max_leaves=6)


def encode(nodes: tuple[Node, ...], form: Form) -> bytes:
    """Return the bytes of a dataset, byte for byte as generated."""
    return b"".join(_element(node, form) for node in nodes)


def _element(node: Node, form: Form) -> bytes:
    vr = node.vr if form.order == "<" or isinstance(node.content, bytes) else "SQ"
    if isinstance(node.content, bytes):
        return _head(node.tag, vr, len(node.content), form) + node.content
    inner = INNER if vr == "UN" else form
    content = b"".join(_item(item, inner, is_open=node.is_open) for item in node.content)
    if not node.is_open:
        return _head(node.tag, vr, len(content), form) + content
    end = pack(form.order + "HHL", 0xFFFE, 0xE0DD, 0)
    return _head(node.tag, vr, 0xFFFFFFFF, form) + content + end


def _item(item: tuple[Node, ...], form: Form, *, is_open: bool) -> bytes:
    content, order = encode(item, form), form.order
    if not is_open:
        return pack(order + "HHL", 0xFFFE, 0xE000, len(content)) + content
    head, end = (0xE000, 0xFFFFFFFF), (0xE00D, 0)
    return pack(order + "HHL", 0xFFFE, *head) + content + pack(order + "HHL", 0xFFFE, *end)


def _head(tag: int, vr: str, length: int, form: Form) -> bytes:
    begin = pack(form.order + "HH", tag >> 16, tag & 0xFFFF)
    if not form.is_explicit:
        return begin + pack(form.order + "L", length)
    if vr in LONG:
        return begin + vr.encode() + b"\0\0" + pack(form.order + "L", length)
    return begin + vr.encode() + pack(form.order + "H", length)


def file_bytes(nodes: tuple[Node, ...], form: Form, character_set: bytes) -> bytes:
    """Return a CT image without pixels that holds the generated elements."""
    needed = (
        Node(0x00080005, "CS", character_set + b" " * (len(character_set) % 2)),
        Node(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.2\0"),
        *(Node(tag, "UI", b"1.3.6.1.4.1.5962.1.%d\0" % n) for n, tag in enumerate(UIDS, 1)),
    )
    by_tag = {node.tag: node for node in (*nodes, *needed)}
    syntax = form.syntax.encode()
    meta = _head(0x00020010, "UI", len(syntax) + len(syntax) % 2, FORMS[0]) + syntax
    content = encode(tuple(by_tag[tag] for tag in sorted(by_tag)), form)
    return bytes(128) + b"DICM" + meta + b"\0" * (len(syntax) % 2) + content
