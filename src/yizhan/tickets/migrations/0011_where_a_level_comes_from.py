"""A level that nobody reported (of a ticket that follows another, or by default) says so; those there are stay reported."""

from django.db import migrations, models

CHOICES = [(1, "reported"), (2, "as before"), (3, "by default")]


class Migration(migrations.Migration):
    dependencies = [("tickets", "0010_closure_followed_up")]

    operations = [
        migrations.AddField(
            "ticket", "level_source", models.PositiveSmallIntegerField(choices=CHOICES, default=1, db_default=1)
        ),
    ]
