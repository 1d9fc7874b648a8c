from django.db import migrations

CREATE = """
CREATE TABLE channels_raw (
    id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, content bytea NOT NULL, PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE TABLE channels_raw_other PARTITION OF channels_raw DEFAULT;
"""


class Migration(migrations.Migration):
    """Raw messages, partitioned by month; nothing has a foreign key to them."""

    dependencies = [("channels", "0002_initial"), ("kernel", "0003_history")]
    operations = [migrations.RunSQL(CREATE, migrations.RunSQL.noop)]
