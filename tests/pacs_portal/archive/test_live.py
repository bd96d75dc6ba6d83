"""What only a real WSGI server shows: paths as they were typed, streams, clients that leave."""

import hashlib

import pytest

from tests.pacs_portal.archive.live import BIG_SIDE, digest_of, start_portal
from tests.services.orthanc import RunningOrthanc


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def archive(folder):
    orthanc = RunningOrthanc(folder / "orthanc")
    orthanc.start()
    yield orthanc
    orthanc.stop()


@pytest.fixture(scope="module")
def portal(folder, archive):
    portal = start_portal(folder, archive)
    yield portal
    portal.process.terminate()
    portal.process.wait(timeout=40)


@pytest.mark.parametrize(
    "tail",
    [
        b"studies/1.2/../1.3/metadata",
        b"studies/1.2/%2e%2e/1.3/metadata",
        b"studies/1.2/%2E%2E/1.3/metadata",
        b"studies/1.2/.%2e/1.3",
        b"studies/1.2%2f..%2f1.3/metadata",
        b"studies/1.2%2Fmetadata",
        b"studies/1.2/%252e%252e/1.3",
        b"studies/1.2%5c..%5c1.3",
        b"studies/1.2\\..\\1.3",
        b"studies//1.2",
        b"studies/1.2//metadata",
        b"/studies",
        b"studies;jsessionid=1",
        b"studies/1.2;/metadata",
        b"studies/1.2%3b/metadata",
        b"studies/1.2%00/metadata",
        b"studies/1.2%0d%0aX-Evil:1",
        b"studies/1.2%0a",
        b"studies/1.2%20",
        b"studies/%31.2",
        b"studies/1.2/./metadata",
        b"..%2f..%2fsystem",
        b"../system",
        b"%2e%2e/instances",
    ],
)
@pytest.mark.parametrize("root", [b"/dicom-web/", b"/projects/live/dicom-web/"])
def test_a_path_that_is_not_plain_is_refused_as_it_was_typed(portal, root, tail):
    status, answer = portal.ask(root + tail)
    assert status == 400
    assert b"ISO_IR" not in answer
    absolute_status, _answer = portal.ask(b"http://127.0.0.1" + root + tail)
    assert absolute_status == 400


@pytest.mark.parametrize(
    "target",
    [
        b"/ohif/../dicom-web/studies",
        b"/dicom-web%2fstudies",
        b"/%64icom-web/../studies",
        b"//dicom-web/studies",
        b"/projects/live/../../dicom-web/studies",
    ],
)
def test_no_other_way_leads_to_a_study(portal, target):
    status, answer = portal.ask(target)
    assert status in {400, 404}
    assert b"0020000D" not in answer


def test_plain_paths_are_answered(portal):
    assert portal.ask(b"/dicom-web/studies")[0] == 200
    # A list of frames may be encoded; this instance has no second one.
    assert portal.ask(portal.small.encode() + b"/frames/1%2C2")[0] in {404, 406}
    assert portal.ask(portal.small.encode() + b"/metadata?x=//..;")[0] == 200
    assert portal.ask(b"http://127.0.0.1/dicom-web/studies")[0] == 200


def test_a_head_request_is_answered_without_a_body(portal):
    for target in (b"/dicom-web/studies", portal.small.encode(), b"/dicom-web/studies/1.2"):
        _status, answer = portal.ask(target, b"HEAD")
        assert answer.endswith(b"\r\n\r\n")


def test_a_large_instance_passes_in_pieces_and_unchanged(portal, folder):
    portal.ask(portal.small.encode())
    before = portal.peak_memory_mb()
    status, answer = portal.ask(portal.big.encode())
    grown = portal.peak_memory_mb() - before
    assert status == 200
    boundary = answer.split(b"boundary=", 1)[1].split(b"\r\n", 1)[0].strip(b'"')
    part = answer.split(b"--" + boundary + b"\r\n", 1)[1]
    file = part.split(b"\r\n\r\n", 1)[1].rpartition(b"\r\n--" + boundary + b"--")[0]
    assert hashlib.sha256(file).hexdigest() == digest_of(folder, portal.big)
    assert grown < 16


def test_clients_that_leave_do_not_block_the_others(portal):
    for _client in range(8):  # twice the number of threads
        with portal.send(portal.big.encode()) as connection:
            assert connection.recv(65536)
    assert portal.ask(b"/dicom-web/studies")[0] == 200


def test_an_answer_that_the_archive_breaks_off_leaves_no_address_in_the_log(
    portal, archive, folder
):
    with portal.send(portal.big.encode()) as connection:
        assert connection.recv(65536)
        archive.process.kill()
        archive.stop()
        received = sum(map(len, iter(lambda: connection.recv(65536), b"")))
    archive.start()
    assert received < BIG_SIDE**2
    log = (folder / "gunicorn.log").read_text()
    assert "Error handling request" not in log
    assert portal.big.rpartition("/")[2] not in log


def test_an_archive_that_stops_is_told_and_one_that_returns_is_used(portal, archive):
    archive.stop()
    status, answer = portal.ask(portal.small.encode() + b"/metadata")
    assert (status, b"Retry-After: 15" in answer) == (503, True)
    archive.start()
    assert portal.ask(portal.small.encode() + b"/metadata")[0] == 200
