from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_removed_values"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="receiptoutput",
            index=models.Index(fields=["sop_instance_uid"], name="output_instance"),
        ),
    ]
