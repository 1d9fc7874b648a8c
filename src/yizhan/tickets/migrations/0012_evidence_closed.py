from django.db import migrations

from yizhan.kernel.closing_sql import grows_but_ends, grows_only

NOTHING = migrations.RunSQL.noop


class Migration(migrations.Migration):
    """What people signed, rated, answered and wrote is never changed; a signature can only come to speak of the past."""

    dependencies = [("tickets", "0011_where_a_level_comes_from"), ("kernel", "0008_audit_chains")]
    operations = [
        migrations.RunSQL(grows_but_ends("tickets_signoff", "valid"), NOTHING),
        migrations.RunSQL(grows_only("tickets_rating"), NOTHING),
        migrations.RunSQL(grows_only("tickets_returnvisit"), NOTHING),
        migrations.RunSQL(grows_only("tickets_message"), NOTHING),
    ]
