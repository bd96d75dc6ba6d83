import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs_portal.projects import keys as keys_module
from pacs_portal.projects.errors import KeyFileError
from pacs_portal.projects.keyfile import load_master_keys
from pacs_portal.projects.keys import Label, SealingKeys, project_keys, sealing_keys
from pacs_portal.projects.models import ProjectSecret

ANY_KEYS = SealingKeys(project_id=None, identity_secrets={1: b"i" * 32}, uid_secret=b"u" * 32)


@pytest.fixture(autouse=True)
def _own_key_file(settings, tmp_path):
    """Give each test a key file of its own, and forget the keys of the test before."""
    settings.KEYS_FILE = tmp_path / "pacs2go.keys"
    keys_module._unwrap_all.cache_clear()
    yield
    keys_module._unwrap_all.cache_clear()


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_again(plaintext):
    sealed = ANY_KEYS.seal(Label.PATHS, plaintext, context="upload 1 file 2")
    assert ANY_KEYS.unseal(Label.PATHS, sealed, context="upload 1 file 2") == plaintext
    assert len(plaintext) < 5 or plaintext not in sealed


def test_the_same_value_is_sealed_differently_each_time():
    assert ANY_KEYS.seal(Label.FIELDS, b"x", context="a") != ANY_KEYS.seal(
        Label.FIELDS, b"x", context="a"
    )


def test_a_sealed_value_moved_to_another_row_or_use_does_not_open():
    sealed = ANY_KEYS.seal(Label.FIELDS, b"secret", context="patient 1 name")
    with pytest.raises(KeyFileError):
        ANY_KEYS.unseal(Label.FIELDS, sealed, context="patient 2 name")
    with pytest.raises(KeyFileError):
        ANY_KEYS.unseal(Label.PATHS, sealed, context="patient 1 name")


def test_a_damaged_value_does_not_open():
    sealed = bytearray(ANY_KEYS.seal(Label.FIELDS, b"secret", context="a"))
    sealed[-1] ^= 1
    with pytest.raises(KeyFileError):
        ANY_KEYS.unseal(Label.FIELDS, bytes(sealed), context="a")


def test_digests_tell_apart_where_one_part_ends_and_what_they_are_for():
    assert ANY_KEYS.digest(Label.INDEX, b"ab", b"c") != ANY_KEYS.digest(Label.INDEX, b"a", b"bc")
    assert ANY_KEYS.digest(Label.INDEX, b"ab") != ANY_KEYS.digest(Label.PATH_INDEX, b"ab")
    assert ANY_KEYS.digest(Label.INDEX, b"ab") == ANY_KEYS.digest(Label.INDEX, b"ab")


def test_keys_are_never_printed():
    assert "iiii" not in repr(ANY_KEYS)
    assert "uuuu" not in repr(ANY_KEYS)


def test_two_projects_share_no_key(project, site_admin):
    from pacs_portal.projects.services import NewProject, create_project

    other = create_project(NewProject("knee", "Knee"), actor=site_admin)
    mine, theirs = project_keys(project.pk), project_keys(other.pk)
    sealed = sealing_keys(project.pk).seal(Label.FIELDS, b"secret", context="a")
    with pytest.raises(KeyFileError):
        theirs.unseal(Label.FIELDS, sealed, context="a")
    assert mine.uid_key != theirs.uid_key
    assert mine.digest(Label.INDEX, b"x") != theirs.digest(Label.INDEX, b"x")


def test_the_key_file_is_private_and_made_once(settings, project):
    assert settings.KEYS_FILE.stat().st_mode & 0o777 == 0o600
    before = settings.KEYS_FILE.read_bytes()
    load_master_keys()
    assert settings.KEYS_FILE.read_bytes() == before


def test_a_missing_key_file_stops_and_is_not_replaced(settings, project):
    settings.KEYS_FILE.unlink()
    with pytest.raises(KeyFileError, match="is missing: restore it"):
        load_master_keys()
    assert not settings.KEYS_FILE.exists()


def test_another_installations_key_file_stops(settings, project):
    content = json.loads(settings.KEYS_FILE.read_text())
    key_id = content["current"]
    content["keys"][key_id] = "A" * 43 + "="
    settings.KEYS_FILE.write_text(json.dumps(content))
    with pytest.raises(KeyFileError, match="does not belong to this database"):
        load_master_keys()
    with pytest.raises(KeyFileError):
        project_keys(project.pk)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"current": "a", "keys": {"a": "AAAA"}}'])
def test_a_damaged_key_file_stops_with_a_sentence(settings, project, content):
    settings.KEYS_FILE.write_text(content)
    with pytest.raises(KeyFileError, match="damaged"):
        load_master_keys()


def test_a_secret_moved_to_another_project_does_not_open(project, site_admin):
    from pacs_portal.projects.services import NewProject, create_project

    other = create_project(NewProject("knee", "Knee"), actor=site_admin)
    stolen = ProjectSecret.objects.get(project=project, purpose="identity")
    ProjectSecret.objects.filter(project=other, purpose="identity").update(wrapped=stolen.wrapped)
    with pytest.raises(KeyFileError, match="does not open"):
        project_keys(other.pk)
