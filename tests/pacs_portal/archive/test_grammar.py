import pytest
from django.test import RequestFactory

from pacs_portal.archive.grammar import Kind, is_suspicious, target_of, typed_path

INSTANCE = "studies/1.2/series/1.3/instances/1.4"


@pytest.mark.parametrize(
    ("path", "kind", "study"),
    [
        ("studies", Kind.STUDIES, ""),
        ("series", Kind.WITHIN, ""),
        ("instances", Kind.WITHIN, ""),
        ("studies/1.2/series", Kind.BELOW, "1.2"),
        ("studies/1.2/instances", Kind.BELOW, "1.2"),
        ("studies/1.2/series/1.3/instances", Kind.BELOW, "1.2"),
        ("studies/1.2", Kind.OBJECTS, "1.2"),
        ("studies/1.2/metadata", Kind.OBJECTS, "1.2"),
        ("studies/1.2/series/1.3/rendered", Kind.OBJECTS, "1.2"),
        (INSTANCE, Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/metadata", Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/frames/1,2,3", Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/frames/1/rendered", Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/bulk/7fe00010", Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/bulk/00091002/1/00091003", Kind.OBJECTS, "1.2"),
        (f"{INSTANCE}/thumbnail", Kind.OBJECTS, "1.2"),
    ],
)
def test_known_addresses_are_recognized(path, kind, study):
    target = target_of(path)
    assert (target.kind, target.study_instance_uid) == (kind, study)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "patients",
        "wado",
        "studies/",
        "studies/1.2/",
        "studies/1..2",
        "studies/.1",
        "studies/1.",
        "studies/abc",
        f"studies/{'1' * 65}",
        "studies/1.2/bulk/7fe00010",
        "studies/1.2/series/1.3/frames/1",
        f"{INSTANCE}/frames/",
        f"{INSTANCE}/frames/0x1",
        f"{INSTANCE}/frames/1,2,01",
        f"{INSTANCE}/bulk/../metadata",
        f"{INSTANCE}/bulk/7fe0001",
        "studies/1.2/series/1.3\n",
        "STUDIES",
    ],
)
def test_other_addresses_are_unknown(path):
    assert target_of(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/dicom-web/studies/1.2/../1.3/metadata",
        "/dicom-web/studies/1.2/%2e%2e/1.3",
        "/dicom-web/studies/1.2/%2E./1.3",
        "/dicom-web/studies/1.2%2fmetadata",
        "/dicom-web/studies/1.2%5c..%5c1.3",
        "/dicom-web/studies/%252e%252e/system",
        "/dicom-web//studies",
        "/dicom-web/studies;x=1",
        "/dicom-web\\studies",
        "/dicom-web/studies/./1.2",
        "/dicom-web/studies/.",
        "/dicom-web/studies/1.2%00",
        "/dicom-web/studies/1.2\n",
        "/dicom-web/studies/1.2 ",
        "/dicom-web/studies/1.2é",
    ],
)
def test_what_two_servers_may_read_differently_is_suspicious(path):
    assert is_suspicious(path)


@pytest.mark.parametrize("path", ["/dicom-web/studies", f"/dicom-web/{INSTANCE}/frames/1%2C2"])
def test_plain_addresses_are_not_suspicious(path):
    assert not is_suspicious(path)


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("prefix", ["", "http://portal.example", "HTTPS://portal.example:8443"])
def test_the_path_is_looked_at_as_it_was_typed(name, prefix):
    request = RequestFactory().get("/dicom-web/x/y", **{name: f"{prefix}/dicom-web/x%2fy?a=//b"})
    assert typed_path(request) == "/dicom-web/x%2fy"


def test_without_a_typed_path_the_decoded_one_is_looked_at():
    assert typed_path(RequestFactory().get("/dicom-web/a%2e%2eb")) == "/dicom-web/a..b"
