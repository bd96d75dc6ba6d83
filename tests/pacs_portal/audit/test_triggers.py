import pytest
from django.db import DatabaseError, connection, transaction

from pacs_portal.audit.models import Event
from pacs_portal.audit.services import record
from pacs_portal.audit.triggers import create_triggers


@pytest.fixture
def event(db):
    """An event in a table that refuses changes, as outside the tests (conftest takes it away)."""
    create_triggers(connection)
    return record("system", "test.happened")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET action = 'other'", "DELETE FROM audit_event"],
)
def test_the_database_refuses_to_change_the_past(event, statement):
    with (
        pytest.raises(DatabaseError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.get().action == "test.happened"


def test_querysets_cannot_go_around_it(event):
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.update(action="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.all().delete()


def test_the_model_refuses_before_the_database_has_to(event):
    event.action = "other"
    with pytest.raises(TypeError, match="never changed"):
        event.save()
    with pytest.raises(TypeError, match="never deleted"):
        event.delete()


def test_new_events_are_still_written(event):
    record("system", "test.again")
    assert Event.objects.count() == 2
