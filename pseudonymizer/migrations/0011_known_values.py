from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0002_known_states"),
        ("pseudonymizer", "0010_held_looks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="disclosurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "finding",
                            "consent",
                            "follow-up",
                            "quality",
                            "safekeeping",
                            "request",
                            "small-team",
                            "not-asked-for",
                        ],
                    )
                ),
                name="disclosure_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientindex",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["person", "study"])),
                name="patient_index_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "records",
                            "spelling",
                            "name-changed",
                            "slip",
                            "relatives",
                            "id-reused",
                            "coincidence",
                        ],
                    ),
                    (
                        "undo_reason__in",
                        [
                            "",
                            "records",
                            "spelling",
                            "name-changed",
                            "slip",
                            "relatives",
                            "id-reused",
                            "coincidence",
                        ],
                    ),
                ),
                name="merge_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="possiblematch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "",
                            "records",
                            "spelling",
                            "name-changed",
                            "slip",
                            "relatives",
                            "id-reused",
                            "coincidence",
                        ],
                    )
                ),
                name="match_reason_known",
            ),
        ),
    ]
