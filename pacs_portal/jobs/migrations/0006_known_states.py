from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0005_output_index"),
        ("projects", "0002_known_states"),
        ("uploads", "0005_known_states"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="filereceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "waiting",
                            "written",
                            "stored",
                            "duplicate",
                            "held",
                            "failed",
                            "skipped",
                            "cancelled",
                        ],
                    )
                ),
                name="receipt_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="heldfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision__in", ["", "accept", "redact", "replace", "reject", "false-alarm"])
                ),
                name="held_decision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "running", "done", "cancelled", "failed"])
                ),
                name="job_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("runner__in", ["workers", "command"])), name="job_runner_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("destination__in", ["archive", "download", "folder"])),
                name="job_destination_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="jobpart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "running", "done", "cancelled", "failed"])
                ),
                name="part_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="jobpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["plan", "work"])), name="part_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiptattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "waiting",
                            "written",
                            "stored",
                            "duplicate",
                            "held",
                            "failed",
                            "skipped",
                            "cancelled",
                        ],
                    )
                ),
                name="attempt_outcome_known",
            ),
        ),
    ]
