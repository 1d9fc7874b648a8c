from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# So far the one who was signed in at a drawn signature was its collector: owner or handler, nobody else might.
COLLECTED = "UPDATE tickets_signoff SET collected_by_id = signed_by_id WHERE method = 'drawn'"


def person() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    """Who held out the screen or the code, and a digest of all that was kept of the act."""

    dependencies: ClassVar = [("people", "0007_contact_bound_at"), ("tickets", "0007_return_visit_solved")]

    operations: ClassVar = [
        migrations.AddField("signoff", "collected_by", person()),
        migrations.AddField("signoff", "evidence_sha256", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
        migrations.AddField("signlink", "offered_by", person()),
        migrations.RunSQL(COLLECTED, migrations.RunSQL.noop),
    ]
