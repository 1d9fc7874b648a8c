from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Since when an account speaks as a contact; empty for those that were bound before this was asked."""

    dependencies: ClassVar = [("people", "0006_invitations")]

    operations: ClassVar = [
        migrations.AddField("contact", "bound_at", models.DateTimeField(editable=False, null=True)),
    ]
