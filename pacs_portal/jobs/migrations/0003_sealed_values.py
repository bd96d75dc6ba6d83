from django.db import migrations, models


def forget_digests(apps, schema_editor):
    """Plans held a keyed digest of the identity; under another key it could not be told."""
    job_unit = apps.get_model("jobs", "JobUnit")
    for unit in job_unit.objects.filter(plan__has_key="identity").iterator():
        del unit.plan["identity"]
        unit.save(update_fields=["plan"])


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_held_boxes"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="heldfile",
            name="content_digest",
        ),
        migrations.AddField(
            model_name="heldfile",
            name="sealed_content",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="jobunit",
            name="sealed_values",
            field=models.BinaryField(null=True),
        ),
        migrations.RunPython(forget_digests, migrations.RunPython.noop),
    ]
