import pytest

from pacs_portal.archive.media_types import accepted_json, accepted_objects, accepted_picture

BROWSER = "image/avif,image/webp,image/apng,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("application/json", "application/json"),
        ("text/html, application/dicom+json;q=0.9", "application/dicom+json"),
        ("application/dicom+json;q=0, application/json", "application/json"),
        ('multipart/related; type="application/dicom+xml"', None),
    ],
)
def test_a_search_is_answered_in_json_or_not_at_all(accept, answer):
    assert accepted_json(accept) == answer


@pytest.mark.parametrize(
    ("accept", "answer"),
    [("image/png", "image/png"), ("image/*", "image/jpeg"), (BROWSER, "image/jpeg"), ("a/b", None)],
)
def test_a_picture_is_jpeg_or_png(accept, answer):
    assert accepted_picture(accept) == answer


@pytest.mark.parametrize(
    ("accept", "asked"),
    [
        (BROWSER, "*/*"),
        ("", "*/*"),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
        ),
        ("multipart/related\r\nX-Evil: 1", None),
    ],
)
def test_objects_are_asked_for_as_the_client_does(accept, asked):
    assert accepted_objects(accept) == asked
