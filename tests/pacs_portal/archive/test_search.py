import pytest
from django.http import QueryDict
from django.test import RequestFactory

from pacs_portal.archive.models import Series, Study, StudyState
from pacs_portal.archive.queries import BadQueryError, Query, query_of, rebuilt
from pacs_portal.archive.search import matching_studies, unmatched_keywords, wildcard_pattern

# uid, patient, name, date, description, modalities
ROWS = [
    ("1.1", "HEART-1", "Meier^Ida", "20200101", "Thorax nativ", ["CT"]),
    ("1.2", "HEART-2", "MEIER^Ole", "20200615", "Schädel", ["CT", "MR"]),
    ("1.3", "HEART-3", "O'Hara^Scarlett", "20201231", "Thorax", ["MR"]),
    ("1.4", "HEART-4", "", "", "", ["US"]),
]


@pytest.fixture
def studies(project):
    for uid, patient_id, name, date, description, modalities in ROWS:
        study = Study.objects.create(
            project=project,
            study_instance_uid=uid,
            state=StudyState.STORED,
            patient_id=patient_id,
            patient_name=name,
            study_date=date,
            study_time="101500" if date else "",
            study_description=description,
            modalities=modalities,
            study_id=f"S{uid[-1]}",
            accession_number=f"A{uid[-1]}",
        )
        for modality in modalities:
            Series.objects.create(
                study=study,
                series_instance_uid=f"{uid}.{modality == 'MR'}",
                modality=modality,
                instance_count=1,
            )
    return Study.objects.all()


def query(text: str) -> Query:
    return query_of(RequestFactory().get(f"/dicom-web/studies?{text}"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "4 3 2 1"),
        ("StudyInstanceUID=1.1", "1"),
        ("0020000D=1.1,1.3", "3 1"),
        ("StudyInstanceUID=1.1%5C1.3", "3 1"),
        ("StudyInstanceUID=1.1&StudyInstanceUID=1.2", "2 1"),
        ("StudyInstanceUID=", "4 3 2 1"),
        ("StudyDate=20200615", "2"),
        ("00080020=20200101-20200615", "2 1"),
        ("StudyDate=20200602-", "3 2"),
        ("StudyDate=-20200615", "2 1"),
        ("StudyTime=1000-1015", "3 2 1"),
        ("StudyTime=1016-", ""),
        ("StudyTime=-10", "3 2 1"),
        ("StudyTime=-101500", "3 2 1"),
        ("StudyTime=-101459", ""),
        ("StudyTime=10-101500.5", "3 2 1"),
        ("PatientID=heart-1", "1"),
        ("PatientID=HEART-*", "4 3 2 1"),
        ("00100020=HEART-%3F", "4 3 2 1"),
        ("PatientID=HEART", ""),
        ("PatientName=meier*", "2 1"),
        ("PatientName=*^ole", "2"),
        ("PatientName=*hara*", "3"),
        ("PatientName=O'Hara^Scarlett", "3"),
        ("PatientName=ida&fuzzymatching=true", "1"),
        ("PatientName=Ole%20mei&fuzzymatching=true", "2"),
        ("PatientName=ida&fuzzymatching=false", ""),
        ("StudyDescription=SCH%C3%84DEL", "2"),
        ("StudyDescription=*horax*", "3 1"),
        ("AccessionNumber=A3", "3"),
        ("StudyID=s?", "4 3 2 1"),
        ("ModalitiesInStudy=MR", "3 2"),
        ("ModalitiesInStudy=MR,US", "4 3 2"),
        ("00080061=CT&StudyDescription=Thorax*", "1"),
        ("PatientName=.*", ""),
    ],
)
def test_studies_match_by_the_rules_of_ps3_4(studies, text, found):
    matching = matching_studies(studies, query(text))
    # The newest first; a study without a date comes last.
    expected = sorted(found.split(), key=lambda number: (number == "4", -int(number)))
    assert [study.study_instance_uid[-1] for study in matching] == expected


@pytest.mark.parametrize(
    "text",
    [
        "StudyDate=2020",
        "StudyDate=2020010120200102",
        "StudyDate=-",
        "StudyTime=noon",
        "PatientID=a&PatientID=b",
        "PatientID=a&00100020=b",
        "Nonsense=1",
        "limit=-1",
        "offset=two",
        "PatientID=" + "*a" * 5,
        "includefield=Nonsense",
        "ModalitiesInStudy=" + ",".join(map(str, range(1500))),
        "fuzzymatching=true&PatientName=" + "+".join(map(str, range(1500))),
    ],
)
def test_a_malformed_search_is_refused_without_quoting_it(studies, text):
    with pytest.raises(BadQueryError) as told:
        list(matching_studies(studies, query(text)))
    assert "Nonsense" not in str(told.value)


def test_words_given_again_and_again_count_once(studies):
    repeated = ",".join(["CT"] * 1500)
    assert list(matching_studies(studies, query(f"ModalitiesInStudy={repeated}"))) == list(
        matching_studies(studies, query("ModalitiesInStudy=CT"))
    )


def test_attributes_that_nobody_matches_are_named():
    asked = query("ReferringPhysicianName=x&00081110.00081155=1.2&PatientID=1")
    assert unmatched_keywords(asked) == (
        "ReferringPhysicianName",
        "ReferencedStudySequence.ReferencedSOPInstanceUID",
    )


def test_an_encoded_list_of_fields_is_split_for_orthanc():
    asked = query("includefield=00081030%2CModality&includefield=00100030&limit=5&offset=2")
    rewritten = QueryDict(rebuilt(asked))
    assert rewritten.getlist("includefield") == ["00080060", "00081030", "00100030"]
    assert (rewritten["limit"], rewritten["offset"]) == ("5", "2")


def test_a_rebuilt_query_escapes_its_values():
    assert rebuilt(Query({"SeriesDescription": "a&StudyInstanceUID=1.2"})) == (
        "0008103E=a%26StudyInstanceUID%3D1.2"
    )


def test_a_wildcard_pattern_escapes_everything_else():
    assert wildcard_pattern("a.b**?") == r"^a\.b.*.$"
