"""What is searched for stays bounded, however much a file says of its people."""

from pseudonymizer.engine.traces import KnownPerson, traces_of


def test_a_name_of_thousands_of_words_is_not_joined_with_itself():
    family = [f"zwirbel{'abcdefghij'[n % 10] * (n // 10 + 1)}" for n in range(2000)]
    traces = traces_of([KnownPerson(names=(" ".join(family) + "^" + " ".join(family),))])
    assert set(family) <= traces.strong
    assert len(traces.strong) < 30_000


def test_of_many_numbers_those_in_a_text_are_told():
    person = KnownPerson(ids=tuple(f"A-{n}" for n in range(10_000, 30_000)))
    traces = traces_of([person])
    assert list(traces.numerals_in("x a-12345 a-123456 a12346")) == ["a-12345", "a12346"]
    assert not list(traces.numerals_in("nobody " * 10_000))
