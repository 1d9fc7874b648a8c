from django.db import migrations

from yizhan.kernel.numbering import create_sequence_sql


class Migration(migrations.Migration):
    """One sequence per prefix: incidents, requests, service sheets."""

    dependencies = [("tickets", "0001_initial")]
    operations = [
        migrations.RunSQL(create_sequence_sql(prefix), migrations.RunSQL.noop) for prefix in ("INC", "REQ", "SHT")
    ]
