"""What a person reads about a file can be translated: every sentence is marked where it stands."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SENTENCE_AT = {
    "ConversionError": 0,
    "HeldBack": 1,
    "ManifestError": 1,
    "PseudonymizationError": 1,
    "UnpackError": 1,
    "UnreadableInstanceError": 1,
}
PACKAGES = ("converter", "pseudonymizer", "pacs_portal")
SOURCES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def sentences(source: str) -> list[ast.expr]:
    """Return the expressions that give an error its sentence."""
    return [
        call.args[SENTENCE_AT[call.func.id]]
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in SENTENCE_AT
    ]


def is_bare_text(sentence: ast.expr) -> bool:
    """Tell whether translators do not find it: a plain string, or one put together."""
    return isinstance(sentence, ast.Constant | ast.JoinedStr | ast.BinOp)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_error_has_a_sentence_that_translators_do_not_find(path):
    bare = [one.lineno for one in sentences(path.read_text("utf-8")) if is_bare_text(one)]
    assert bare == []


def test_the_sentences_of_the_engines_are_among_those_looked_at():
    looked_at = [path for path in SOURCES if sentences(path.read_text("utf-8"))]
    assert len(looked_at) > 10
