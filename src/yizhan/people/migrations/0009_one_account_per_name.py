"""No two user names that signing in cannot tell apart.

Of accounts whose names differ in case only, the one in use keeps its name (the older of two); each other one gets `-2`
(or the next free number) behind it and is named in the log. Roles, tickets, keys and history stay with their account.
"""

from typing import Any

import structlog
from django.db import migrations, models
from django.db.models.functions import Lower

LONGEST = 150
ALIKE = """
SELECT id, username FROM (
    SELECT id, username, row_number() OVER (PARTITION BY lower(username) ORDER BY is_active DESC, id) AS place FROM people_user
) AS accounts WHERE place > 1 ORDER BY id
"""


def part(apps: Any, schema_editor: Any) -> None:
    log = structlog.get_logger("yizhan.upgrade")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(ALIKE)
        for pk, username in cursor.fetchall():
            free, number = "", 1
            while not free:
                number += 1
                wanted = f"{username[: LONGEST - len(str(number)) - 1]}-{number}"
                cursor.execute("SELECT 1 FROM people_user WHERE lower(username) = lower(%s)", [wanted])
                free = "" if cursor.fetchone() else wanted
            cursor.execute("UPDATE people_user SET username = %s WHERE id = %s", [free, pk])
            log.warning("account_renamed", account=pk, was=username, now=free)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("people", "0008_restricted_search")]

    operations = [
        migrations.RunPython(part, migrations.RunPython.noop),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                Lower("username"), name="people_one_username", violation_error_message="This user name is taken."
            ),
        ),
    ]
