import json
from dataclasses import replace

import pytest

from pacs_portal.archive import orthanc, within
from pacs_portal.archive.models import Study
from tests.pacs_portal.archive.answers import (
    ROOTS,
    body,
    study_address,
    uids,
)
from tests.pacs_portal.archive.instances import Sample


def test_searches_show_readable_studies_only(sample, foreign, owner_client):
    for root in ROOTS:
        for level in ("studies", "series", "instances"):
            assert uids(owner_client.get(f"{root}/{level}")) == [sample.study_uid]
            for name in ("StudyInstanceUID", "0020000D"):
                asked = owner_client.get(f"{root}/{level}?{name}={foreign.study_uid}")
                assert asked.json() == []
                both = f"{foreign.study_uid},{sample.study_uid}"
                asked = owner_client.get(f"{root}/{level}?{name}={both}&0020000D={both}")
                assert set(uids(asked)) == {sample.study_uid}


def test_a_study_is_described_as_the_standard_says(sample, owner_client):
    [found] = owner_client.get("/dicom-web/studies").json()
    assert found["0020000D"] == {"vr": "UI", "Value": [sample.study_uid]}
    assert found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "HEART-1"}]}
    assert found["00100020"] == {"vr": "LO", "Value": ["HEART-1"]}
    assert found["00080020"] == {"vr": "DA", "Value": ["20200229"]}
    assert found["00080061"] == {"vr": "CS", "Value": ["CT"]}
    assert found["00081030"] == {"vr": "LO", "Value": ["Thorax"]}
    assert found["00080050"] == {"vr": "SH"}
    assert found["00201206"] == {"vr": "IS", "Value": [1]}
    assert found["00201208"] == {"vr": "IS", "Value": [1]}


def test_studies_are_paged_in_a_fixed_order(project, stored, owner_client):
    dates = ["20200103", "20200101", "20200104", "20200102"]
    for key, date in enumerate(dates):
        stored(project, Sample(study_date=date), receipt_key=key)
    pages = [
        owner_client.get(f"/dicom-web/studies?limit=3&offset={offset}").json() for offset in (0, 3)
    ]
    found = [[study["00080020"]["Value"][0] for study in page] for page in pages]
    assert found == [["20200104", "20200103", "20200102"], ["20200101"]]


def test_few_instances_are_in_memory_at_a_time_however_many_are_searched(
    project, stored, owner_client, monkeypatch
):
    monkeypatch.setattr(within, "MOST_RESULTS", 2, raising=False)
    ask, answers = orthanc.fetch_json, []

    def note(*question: object) -> list[object]:
        answers.append(ask(*question))
        return answers[-1]

    monkeypatch.setattr(orthanc, "fetch_json", note)
    samples = [Sample() for _number in range(5)]
    for key, sample in enumerate(samples):
        stored(project, sample, receipt_key=key)
    found = uids(owner_client.get("/dicom-web/instances"))
    assert found == sorted(sample.study_uid for sample in samples)
    assert [len(answer) for answer in answers] == [2, 2, 1]


def test_series_of_all_studies_are_paged_in_a_fixed_order(
    project, stored, owner_client, monkeypatch
):
    monkeypatch.setattr("pacs_portal.archive.within.CHUNK", 2)
    samples = [Sample() for _number in range(5)]
    for key, sample in enumerate(samples):
        stored(project, sample, receipt_key=key)
    pages = [owner_client.get(f"/dicom-web/series?limit=2&offset={at}") for at in (0, 2, 4)]
    found = [uid for page in pages for uid in uids(page)]
    assert [len(page.json()) for page in pages] == [2, 2, 1]
    assert found == sorted(sample.study_uid for sample in samples)


def test_series_and_instances_are_found_by_their_own_attributes(project, stored, owner_client):
    first = Sample()
    second = replace(Sample(modality="MR"), study_uid=first.study_uid)
    stored(project, first, receipt_key=1)
    stored(project, second, receipt_key=2)
    study = f"/dicom-web/{study_address(first)}"
    for address in (f"{study}/series", "/dicom-web/series"):
        found = json.loads(body(owner_client.get(f"{address}?Modality=MR")))
        assert [one["0020000E"]["Value"][0] for one in found] == [second.series_uid]
    found = owner_client.get(f"/dicom-web/instances?SOPInstanceUID={first.instance_uid}")
    assert uids(found, "00080018") == [first.instance_uid]
    fields = "includefield=00080021%2C0008103E%2C00200011"
    [series, _other] = json.loads(body(owner_client.get(f"{study}/series?{fields}")))
    assert series["0008103E"]["Value"] == ["Axial"]


def test_a_study_uid_in_the_query_cannot_override_the_address(sample, foreign, owner_client):
    address = f"/dicom-web/{study_address(sample)}/series?0020000D={foreign.study_uid}"
    assert json.loads(body(owner_client.get(address))) == []


def test_attributes_that_are_not_matched_are_told_in_a_warning(sample, owner_client):
    response = owner_client.get("/dicom-web/studies?ReferringPhysicianName=x")
    assert uids(response) == [sample.study_uid]
    assert response.headers["Warning"].startswith("299 ")
    assert "ReferringPhysicianName" in response.headers["Warning"]


def test_a_malformed_search_is_a_bad_request(sample, owner_client):
    for search in ("studies?StudyDate=soon", "series?Nonsense=1", "studies?limit=x"):
        response = owner_client.get(f"/dicom-web/{search}")
        assert response.status_code == 400
        assert "error" in response.json()


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_xml_is_not_acceptable(sample, owner_client, level):
    accept = 'multipart/related; type="application/dicom+xml"'
    response = owner_client.get(f"/dicom-web/{level}", headers={"accept": accept})
    assert response.status_code == 406


def test_a_claimed_study_is_not_there_yet(sample, owner_client):
    Study.objects.update(state="claimed")
    assert owner_client.get("/dicom-web/studies").json() == []
    assert owner_client.get(f"/dicom-web/{study_address(sample)}/metadata").status_code == 404


def test_a_study_of_unknown_modality_leaves_the_attribute_out(sample, owner_client):
    Study.objects.update(modalities=[])
    [found] = owner_client.get("/dicom-web/studies").json()
    assert "00080061" not in found
