"""Take values out of an output where a data steward said so."""

from collections.abc import Iterable, Mapping

from pseudonymizer.engine.actions import dummy, empty
from pseudonymizer.engine.dictionary import TEXT_VRS
from pseudonymizer.engine.elements import Dataset, Element
from pseudonymizer.engine.finding import Finding
from pseudonymizer.engine.iod_types import resolve


def take_out(
    output: Dataset, findings: Iterable[Finding], types: Mapping[tuple[int, ...], str]
) -> None:
    """Remove the attributes in which something was found, as far as the IOD can do without them.

    Parameters
    ----------
    output : dict of int to Element
        The header as it will be written; it is changed, its elements and items are not.
    findings : iterable of Finding
        Where the values stand.
    types : mapping of path to str
        The Type of attributes in the IOD (iod_types.types_in).

    References
    ----------
    DICOM PS3.15 Table E.1-1a, action X/Z/D.
    """
    for finding in findings:
        dataset, tag = _holder(output, finding.path)
        element = dataset.get(tag)
        if element is None:  # another text of it was taken out before
            continue
        action = resolve("X/Z/D", types.get(finding.path[::2], "3"))
        if action == "X":
            del dataset[tag]
        elif action == "Z":
            dataset[tag] = empty(element, element.vr)
        else:
            dataset[tag] = dummy(element, element.vr, is_text=element.vr in TEXT_VRS)


def _holder(dataset: Dataset, path: tuple[int, ...]) -> tuple[Dataset, int]:
    """Return the dataset in which the last tag of `path` stands, and that tag.

    What leads there is copied: files of a series share the items that they have in common.
    """
    for tag, number in zip(path[:-1:2], path[1::2], strict=True):
        items = list(dataset[tag].items or ())
        items[number - 1] = dict(items[number - 1])
        dataset[tag] = Element(tag, dataset[tag].vr, items=items)
        dataset = items[number - 1]
    return dataset, path[-1]
