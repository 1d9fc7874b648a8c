from django.db import migrations

from yizhan.tickets.evidence import seal_older


def seal(apps, schema_editor):
    seal_older(apps)


class Migration(migrations.Migration):
    """Signatures, ratings and return visits of before get a row of the audit that names the digest of what they are."""

    dependencies = [("tickets", "0013_words_of_a_waiting_handover"), ("kernel", "0011_months_of_early_rows")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
