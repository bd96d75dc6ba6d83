"""Write common-words.txt: words that stand in headers of anybody, from pydicom and by hand.

Run it by hand after `common-words-more.txt` or pydicom changed; the engine reads only its output.
"""

import re
from collections import Counter
from pathlib import Path

from pydicom.datadict import DicomDictionary
from pydicom.sr._concepts_dict import concepts

HERE = Path(__file__).parent
FEWEST_LETTERS = 4  # shorter words are weak anyhow
FEWEST_CONCEPTS = 3  # a word of one concept only may be its discoverer's name
EPONYMS = frozenset({"berger", "frank", "miller", "parkinson"})
WORD = re.compile(r"[A-Z]?[a-z]+")


def words_of(keyword: str) -> set[str]:
    """Return the words of a keyword in small letters."""
    return {word.lower() for word in WORD.findall(keyword)}


def main() -> None:
    """Write the list."""
    attributes = set().union(*(words_of(entry[4]) for entry in DicomDictionary.values()))
    counts: Counter[str] = Counter()
    for keywords in concepts.values():
        for keyword in keywords:
            if "Breed" not in keyword:
                counts.update(words_of(keyword))
    frequent = {word for word, count in counts.items() if count >= FEWEST_CONCEPTS}
    more = set((HERE / "common-words-more.txt").read_text(encoding="ascii").split())
    words = {word for word in attributes | frequent if len(word) >= FEWEST_LETTERS} - EPONYMS
    content = "\n".join(sorted(words | more)) + "\n"
    (HERE / "common-words.txt").write_text(content, encoding="ascii")


if __name__ == "__main__":
    main()
