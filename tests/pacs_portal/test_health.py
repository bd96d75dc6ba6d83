from django.db import OperationalError

from pacs_portal import health


def test_alive_answers_anyone(anonymous_client, db):
    answer = anonymous_client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_not_ready_without_archive_and_worker_and_no_word_why(anonymous_client, db, settings):
    settings.ORTHANC_URL = "http://127.0.0.1:9"
    answer = anonymous_client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_ready_when_every_part_is(anonymous_client, db, monkeypatch):
    for part in ("is_available", "worker_is_alive"):
        monkeypatch.setattr(health, part, lambda: True)
    answer = anonymous_client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


def test_a_broken_database_is_not_ready_and_no_error(anonymous_client, db, monkeypatch):
    def broken() -> bool:
        raise OperationalError("unable to open /secret/place")

    for part in ("is_available", "worker_is_alive"):
        monkeypatch.setattr(health, part, lambda: True)
    monkeypatch.setattr(health, "database_answers", broken)
    answer = anonymous_client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_a_full_disk_is_not_ready(monkeypatch):
    monkeypatch.setattr(health, "MINIMUM_FREE_BYTES", 2**62)
    assert not health.disk_has_room()
