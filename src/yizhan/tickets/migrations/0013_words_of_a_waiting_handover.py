"""A handover that waits is refused in its own words; the database itself stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0012_evidence_closed")]

    operations = [
        migrations.AlterConstraint(
            "handover",
            "tickets_one_handover",
            models.UniqueConstraint(
                fields=["sender"], condition=models.Q(state="offered"), name="tickets_one_handover",
                violation_error_code="handover_waits",
                violation_error_message="Your last handover is still waiting for an answer.",
            ),
        ),
    ]
