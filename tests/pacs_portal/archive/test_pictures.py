import pytest
from django.http import QueryDict

from pacs_portal.archive.pictures import picture_query
from pacs_portal.archive.queries import BadQueryError
from tests.pacs_portal.archive.answers import instance_address


def test_the_parameters_of_ps3_18_are_passed_on_and_others_are_not():
    parameters = QueryDict("quality=90&viewport=512,256&window=40,400.5,linear&annotation=patient")
    query = picture_query(parameters, is_thumbnail=False)
    assert query == "quality=90&viewport=512,256&window=40,400.5,linear"


def test_a_thumbnail_is_small_unless_said_otherwise():
    assert picture_query(QueryDict(""), is_thumbnail=True) == "viewport=256,256"
    assert picture_query(QueryDict("viewport=8,9"), is_thumbnail=True) == "viewport=8,9"


@pytest.mark.parametrize(
    "query",
    [
        "quality=0",
        "quality=101",
        "viewport=0,10",
        "viewport=10",
        "viewport=-1,-1",
        "viewport=4097,1",
        "viewport=1,9999",
        "viewport=99999,99999",
        "viewport=8,8,0,0,-99999,99999",
        "window=1,2",
        "window=1,2,linear%0d%0aHost:x",
        "window=nan,1,linear",
    ],
)
def test_what_orthanc_cannot_bear_is_refused(query):
    with pytest.raises(BadQueryError):
        picture_query(QueryDict(query), is_thumbnail=False)


def test_no_picture_ends_the_archive(sample, owner_client):
    picture = f"/dicom-web/{instance_address(sample)}/rendered"
    assert owner_client.get(f"{picture}?viewport=99999,99999").status_code == 400
    assert owner_client.get(f"{picture}?viewport=4096,4096").status_code == 200
