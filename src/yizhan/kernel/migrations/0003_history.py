from django.db import migrations

from yizhan.kernel.history_sql import CREATE, SEARCH_STATISTICS


class Migration(migrations.Migration):
    """The partitioned history, its guards, and search statistics that keep one million rows quick."""

    dependencies = [("kernel", "0002_initial")]
    operations = [migrations.RunSQL(CREATE, migrations.RunSQL.noop), migrations.RunSQL(SEARCH_STATISTICS, migrations.RunSQL.noop)]
