"""What the last look finds in small datasets."""

from pseudonymizer.engine import IdentifierLeft, KnownPerson
from pseudonymizer.engine.elements import Dataset, Element
from pseudonymizer.engine.last_look import last_look

NAME, PATIENT_ID, BIRTH_DATE, REFERRING = 0x00100010, 0x00100020, 0x00100030, 0x00080090
EXPLANATION, KERNEL = 0x00281055, 0x00181210
LATIN_1 = Element(0x00080005, "CS", b"ISO_IR 100")


def dataset(*elements: Element) -> Dataset:
    return {element.tag: element for element in elements}


def finding(original: Dataset, output: Dataset, known: KnownPerson | None = None) -> str:
    """Return what the last look finds, or nothing."""
    try:
        last_look(original, output, known or KnownPerson())
    except IdentifierLeft as held:
        return held.findings[0].text
    return ""


def found_in_text(name: str, text: str, vr: str = "LO", encoding: str = "latin-1") -> str:
    """Look for a patient's name in a kept text."""
    original = dataset(LATIN_1, Element(NAME, "PN", name.encode("latin-1")))
    return finding(original, dataset(LATIN_1, Element(EXPLANATION, vr, text.encode(encoding))))
