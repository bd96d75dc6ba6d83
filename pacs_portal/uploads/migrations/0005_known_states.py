from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0002_known_states"),
        ("uploads", "0004_companions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "complete", "discarded"])),
                name="upload_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["expected", "stored", "received", "unpacked", "gone"])
                ),
                name="upload_file_state_known",
            ),
        ),
    ]
