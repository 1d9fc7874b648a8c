"""A month gets its partition also where its rows came first, while a clock ran ahead: they move into it."""

from django.db import migrations

from yizhan.kernel.closing_sql import MONTHS_WITH_EARLY_ROWS


class Migration(migrations.Migration):
    dependencies = [("kernel", "0010_one_phone_column")]

    operations = [migrations.RunSQL(MONTHS_WITH_EARLY_ROWS, migrations.RunSQL.noop)]
