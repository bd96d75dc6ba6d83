from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0003_instance_patient_id_of_study"),
        ("projects", "0002_known_states"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["claimed", "stored", "deleted"])),
                name="study_state_known",
            ),
        ),
    ]
