import gzip

import pytest

from pacs_portal.archive.models import Study, StudyState
from pacs_portal.audit.models import Event

HASHED = "app.bundle.0123456789abcdef.js"


@pytest.fixture(autouse=True)
def files(tmp_path, settings):
    """A stand-in for the viewer's folder; the real one is opened in tests/e2e."""
    folder = tmp_path / "ohif"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>viewer</title>")
    (folder / HASHED).write_text("let a = 1;")
    (folder / f"{HASHED}.gz").write_bytes(gzip.compress(b"let a = 1;"))
    (folder / "app-config.js").write_text("window.config = {};")
    (folder / "assets" / "decoder.wasm").write_bytes(b"\0asm")
    (folder / "worker.mjs").write_text("export {};")
    (folder / "manifest.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    settings.OHIF_DIR = folder
    return folder


@pytest.fixture
def study(project):
    return Study.objects.create(
        project=project, study_instance_uid="1.2.3", state=StudyState.STORED, patient_id="HEART-1"
    )


def content(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_nobody_gets_the_viewer_without_signing_in(anonymous_client, study):
    for path in ("", "viewer?StudyInstanceUIDs=1.2.3", HASHED, "app-config.js"):
        response = anonymous_client.get(f"/ohif/{path}")
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/?next=/ohif/")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("viewer", "text/html; charset=utf-8"),
        ("segmentation/dicomweb", "text/html; charset=utf-8"),
        (HASHED, "text/javascript; charset=utf-8"),
        ("worker.mjs", "text/javascript; charset=utf-8"),
        ("assets/decoder.wasm", "application/wasm"),
        ("manifest.json", "application/json"),
    ],
)
def test_every_file_has_its_type_and_every_other_address_is_the_page(
    viewer_client, path, content_type
):
    response = viewer_client.get(f"/ohif/{path}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, content_type)
    assert int(response.headers["Content-Length"]) == len(content(response))


@pytest.mark.parametrize(
    "path",
    [
        "missing.js",
        "assets/missing.wasm",
        "../secret.txt",
        "%2e%2e/secret.txt",
        "assets/../../secret.txt",
        "..%2fsecret.txt",
        "/etc/passwd.txt",
        "a%00b.js",
    ],
)
def test_nothing_else_is_served(viewer_client, path):
    response = viewer_client.get(f"/ohif/{path}")
    assert response.status_code == 404


def test_a_compressed_file_goes_to_who_takes_it(viewer_client):
    packed = viewer_client.get(f"/ohif/{HASHED}", headers={"accept-encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(content(packed)) == b"let a = 1;"
    for accepted in ("", "br", "gzip;q=0"):
        plain = viewer_client.get(f"/ohif/{HASHED}", headers={"accept-encoding": accepted})
        assert "Content-Encoding" not in plain.headers
        assert content(plain) == b"let a = 1;"
        assert plain.headers["Vary"].startswith("Accept-Encoding")
        assert plain.headers["ETag"] != packed.headers["ETag"]


def test_files_named_by_their_content_are_kept_and_others_asked_for_again(viewer_client):
    kept = viewer_client.get(f"/ohif/{HASHED}")
    assert kept.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for path in ("", "app-config.js"):
        again = viewer_client.get(f"/ohif/{path}")
        assert again.headers["Cache-Control"] == "private, no-cache"
        content(again)
        for name, value in [
            ("if-none-match", again.headers["ETag"]),
            ("if-modified-since", again.headers["Last-Modified"]),
        ]:
            unchanged = viewer_client.get(f"/ohif/{path}", headers={name: value})
            assert (unchanged.status_code, content(unchanged)) == (304, b"")
    content(kept)


def test_head_has_no_body(viewer_client):
    response = viewer_client.head(f"/ohif/{HASHED}")
    assert (content(response), response.headers["Content-Length"]) == (b"", "10")


def script_sources(response) -> str:
    parts = response.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)["script-src"]


def test_a_page_runs_no_eval_and_nobody_may_frame_it(viewer_client):
    response = viewer_client.get("/ohif/")
    assert script_sources(response) == "'self' 'wasm-unsafe-eval' blob:"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"
    content(response)


def test_the_decoders_worker_may_build_its_bindings(viewer_client):
    response = viewer_client.get(f"/ohif/{HASHED}")
    assert script_sources(response) == "'self' 'wasm-unsafe-eval' blob: 'unsafe-eval'"
    content(response)


def test_pages_and_workers_may_share_memory(viewer_client):
    for path in ("", HASHED):
        response = viewer_client.get(f"/ohif/{path}")
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        content(response)


def test_an_opened_study_is_recorded(viewer, viewer_client, study, project):
    response = viewer_client.get("/ohif/viewer?StudyInstanceUIDs=1.2.3")
    assert b"<" in content(response)
    event = Event.objects.get(action="study.opened")
    assert (event.actor_id, event.project_id, event.target_id) == (
        viewer.pk,
        project.pk,
        str(study.pk),
    )


@pytest.mark.parametrize(
    "query",
    [
        "StudyInstanceUIDs=1.2.3",
        "studyinstanceuids=1.2.3",
        "StudyInstanceUIDs=9.9",
        "StudyInstanceUIDs=1.2.3,9.9",
    ],
)
def test_a_study_that_is_not_hers_is_not_there(stranger_client, study, query):
    assert stranger_client.get(f"/ohif/viewer?{query}").status_code == 404
    assert not Event.objects.filter(action="study.opened").exists()


def test_one_foreign_study_among_own_ones_closes_the_door(owner_client, study):
    assert owner_client.get("/ohif/viewer?StudyInstanceUIDs=1.2.3,9.9").status_code == 404
    two = "StudyInstanceUIDs=1.2.3&StudyInstanceUIDs=9.9"
    assert owner_client.get(f"/ohif/viewer?{two}").status_code == 404


def test_a_server_without_the_viewer_says_so(owner_client, settings, tmp_path):
    settings.OHIF_DIR = tmp_path / "nothing"
    response = owner_client.get("/ohif/viewer")
    assert response.status_code == 503
    assert "not set up" in response.content.decode()


def test_writing_is_not_allowed(owner_client):
    assert owner_client.post("/ohif/").status_code == 405


@pytest.mark.parametrize(
    ("modalities", "mode"),
    [(["SM"], "microscopy"), (["SM", "SR"], "microscopy"), (["CT"], ""), (["SM", "CT"], "")],
)
def test_a_study_of_slides_opens_in_the_mode_of_slides(viewer_client, study, modalities, mode):
    Study.objects.filter(pk=study.pk).update(modalities=modalities)
    response = viewer_client.get("/ohif/viewer?StudyInstanceUIDs=1.2.3")
    if mode:
        assert response.status_code == 302
        assert response.headers["Location"] == f"/ohif/{mode}?StudyInstanceUIDs=1.2.3"
        response = viewer_client.get(response.headers["Location"])
    assert response.status_code == 200
    assert Event.objects.filter(action="study.opened").count() == 1


def test_a_stranger_does_not_learn_that_a_study_is_one_of_slides(client, stranger, study):
    Study.objects.filter(pk=study.pk).update(modalities=["SM"])
    client.force_login(stranger)
    assert client.get("/ohif/viewer?StudyInstanceUIDs=1.2.3").status_code == 404
