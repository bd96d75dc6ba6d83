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


@pytest.mark.parametrize(
    "accept",
    [
        'multipart/related; type="application/octet-stream"; transfer-syntax=*',
        'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80, '
        'multipart/related; type="application/octet-stream"; transfer-syntax=*, '
        'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50',
    ],
)
def test_whoever_takes_all_syntaxes_gets_the_one_that_is_stored(accept):
    stored = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    assert accepted_objects(accept) == stored


def test_whoever_names_syntaxes_gets_these():
    accept = 'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50'
    assert accepted_objects(accept) == accept
