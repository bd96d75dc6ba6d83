from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="projectsecret",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["identity", "uids"])),
                name="project_secret_purpose_known",
            ),
        ),
    ]
