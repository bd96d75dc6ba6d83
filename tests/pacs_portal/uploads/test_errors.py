from django.utils import translation

from pacs_portal.uploads.errors import UploadClosedError, UploadIncompleteError


def test_a_sentence_is_filled_with_its_values():
    error = UploadIncompleteError(3)
    assert error.sentence == "3 files have not arrived yet; send them, then try again."
    assert str(error) == error.translated_sentence == error.sentence


def test_who_reads_another_language_gets_the_same_sentence_until_it_is_translated():
    with translation.override("de"):
        assert UploadClosedError().translated_sentence.startswith("This upload takes no more")
