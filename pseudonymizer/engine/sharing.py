"""What was learned of elements that the files of a series share need not be learned again."""

from collections.abc import Callable
from typing import Generic, TypeVar

from pseudonymizer.engine.elements import Dataset
from pseudonymizer.engine.gathering import Terms, terms_of

T = TypeVar("T")


class Shared(Generic[T]):
    """Parts the elements of a file from those that it shares with the file before.

    Elements are never changed: what is the same object says the same in every file, as long as
    its letters are read alike.
    """

    def __init__(self, learn: Callable[[Dataset, Terms], T]) -> None:
        self._learn = learn
        self._terms: Terms = ()
        self._before: Dataset = {}
        self._shared: Dataset = {}
        self._learned = learn({}, ())

    def part(self, dataset: Dataset) -> tuple[T, T]:
        """Return what there is to learn of the shared elements, and of the others."""
        terms = terms_of(dataset, ())
        if terms != self._terms:
            self._terms, self._before, self._shared = terms, {}, {}
            self._learned = self._learn({}, terms)
        shared, before = self._shared, self._before
        others = {tag: one for tag, one in dataset.items() if shared.get(tag) is not one}
        lasting = {tag for tag, one in others.items() if before.get(tag) is one}
        self._before = dict(dataset)
        if lasting or len(shared) + len(others) != len(dataset):
            others = {tag: one for tag, one in others.items() if tag not in lasting}
            shared = {tag: one for tag, one in dataset.items() if tag not in others}
            self._learned, self._shared = self._learn(shared, terms), shared
        return self._learned, self._learn(others, terms)
