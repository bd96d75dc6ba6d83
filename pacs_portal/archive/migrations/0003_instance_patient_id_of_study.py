from django.db import migrations
from django.db.models import OuterRef, Subquery


def take_from_studies(apps, schema_editor):
    """Until now all instances of a study were its patient's."""
    instances = apps.get_model("archive", "Instance").objects
    studies = apps.get_model("archive", "Study").objects
    patient_id = studies.filter(series__instances=OuterRef("pk")).values("patient_id")[:1]
    instances.update(patient_id=Subquery(patient_id))


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0002_instance_patient_id"),
    ]

    operations = [
        migrations.RunPython(take_from_studies, migrations.RunPython.noop),
    ]
