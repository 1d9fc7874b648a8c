"""No mailbox twice under one address, whatever its case.

Of mailboxes whose addresses differ in case only, the one that is read stays as it is (the older of two). Each other one
is stopped, its address gets `+2` (or the next free number) before the @, and it says why; what came through it stays.
"""

from typing import Any

import structlog
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower
from django.utils import translation
from django.utils.translation import gettext as _

LONGEST = 254
ALIKE = """
SELECT id, name, address, kept FROM (
    SELECT id, name, address, row_number() OVER alike AS place, first_value(name) OVER alike AS kept FROM channels_mailbox
    WINDOW alike AS (PARTITION BY lower(address) ORDER BY active DESC, id)
) AS mailboxes WHERE place > 1 ORDER BY id
"""


def part(apps: Any, schema_editor: Any) -> None:
    log = structlog.get_logger("yizhan.upgrade")
    with schema_editor.connection.cursor() as cursor, translation.override(settings.LANGUAGE_CODE):
        cursor.execute(ALIKE)
        for pk, name, address, kept in cursor.fetchall():
            local, _at, host = address.rpartition("@")
            free, number = "", 1
            while not free:
                number += 1
                wanted = f"{local[: LONGEST - len(host) - len(str(number)) - 2]}+{number}@{host}"
                cursor.execute("SELECT 1 FROM channels_mailbox WHERE lower(address) = lower(%s)", [wanted])
                free = "" if cursor.fetchone() else wanted
            why = _("Stopped by the upgrade: “{name}” reads {address} already.").format(name=kept, address=address)
            cursor.execute(
                "UPDATE channels_mailbox SET address = %s, active = false, error = %s, retry_at = NULL WHERE id = %s", [free, why, pk]
            )
            log.warning("mailbox_stopped", mailbox=name, reads_it=kept, was=address, now=free)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("channels", "0008_raw_closed")]

    operations = [
        migrations.RunPython(part, migrations.RunPython.noop),
        migrations.AlterField("mailbox", "address", models.EmailField(max_length=254, verbose_name="address")),
        migrations.AddConstraint(
            "mailbox",
            models.UniqueConstraint(
                Lower("address"), name="channels_one_address",
                violation_error_message="Another mailbox has this address already.",
            ),
        ),
    ]
