"""Lets a tool of PyPI treat each file of a folder by itself: TOOL SOURCES TARGET.

Run by the Python of a venv that has the tools; a file that a tool refuses has no output.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

Treat = Callable[[Path, Path], object]


def dicom_anonymizer() -> Treat:
    from dicomanonymizer import anonymize_dicom_file

    return lambda source, target: anonymize_dicom_file(str(source), str(target))


def dcmanon() -> Treat:
    from dcmanon import Anonymizer

    tool = Anonymizer()
    return lambda source, target: target.write_bytes(tool.anonymize(str(source)))


def dicognito() -> Treat:
    import pydicom
    from dicognito.anonymizer import Anonymizer

    tool = Anonymizer()

    def treat(source: Path, target: Path) -> None:
        dataset = pydicom.dcmread(source)
        tool.anonymize(dataset)
        dataset.save_as(target)

    return treat


def deid() -> Treat:
    from deid.config import DeidRecipe
    from deid.dicom import get_identifiers, replace_identifiers

    recipe = DeidRecipe()  # its own default

    def treat(source: Path, target: Path) -> None:
        found = get_identifiers([str(source)], expand_sequences=True)
        (dataset,) = replace_identifiers(
            dicom_files=[str(source)], ids=found, deid=recipe, save=False
        )
        dataset.save_as(target)

    return treat


TOOLS: dict[str, Callable[[], Treat]] = {
    "dicom-anonymizer": dicom_anonymizer,
    "dcmanon": dcmanon,
    "dicognito": dicognito,
    "deid": deid,
}


def main(tool: str, sources: Path, target: Path) -> None:
    """Treat every file of `sources`."""
    warnings.simplefilter("ignore")
    treat = TOOLS[tool]()
    target.mkdir()
    for source in sorted(sources.iterdir()):
        output = target / source.name
        try:
            treat(source, output)
        except Exception:  # whatever a tool raises, it refused this file
            output.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
