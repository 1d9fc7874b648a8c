"""“Satisfied” so far meant both that it is solved and that the user is content; old answers keep both meanings."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0006_watchers_handovers")]

    operations = [
        migrations.AddField("returnvisit", "solved", models.BooleanField(null=True)),
        migrations.RunSQL(
            "UPDATE tickets_returnvisit SET solved = satisfied WHERE satisfied IS NOT NULL", migrations.RunSQL.noop
        ),
    ]
