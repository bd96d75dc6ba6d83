"""A field with a list of values takes no other: the database itself refuses it."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from pacs_portal.projects.models import Membership, ProjectSecret

OURS = ("pacs_portal.", "converter.", "pseudonymizer.")


def fields_with_values() -> Iterator[models.Field]:
    for model in apps.get_models():
        if model.__module__.startswith(OURS):
            yield from (field for field in model._meta.local_fields if field.choices)


def names_in(condition: Q) -> Iterator[str]:
    for child in condition.children:
        yield from names_in(child) if isinstance(child, Q) else [child[0].split("__")[0]]


@pytest.mark.parametrize("field", list(fields_with_values()), ids=str)
def test_a_constraint_binds_each_field_with_a_list_of_values(field) -> None:
    checks = [
        check
        for check in field.model._meta.constraints
        if isinstance(check, models.CheckConstraint)
    ]
    assert field.name in {name for check in checks for name in names_in(check.condition)}


@pytest.mark.parametrize(("model", "field"), [(Membership, "role"), (ProjectSecret, "purpose")])
def test_the_database_takes_no_other_value(project, member, model, field) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(project=project).update(**{field: "other"})
    assert not model.objects.filter(**{field: "other"}).exists()
