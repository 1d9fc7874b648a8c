"""Calls with impossible times, which no page could show, get the time of their first news; the database takes no more of them."""

from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import Q

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MEND = """
UPDATE channels_call AS c SET
    started_at = CASE WHEN started_at < '2000-01-01+00' THEN heard.at ELSE started_at END,
    answered_at = CASE WHEN answered_at < '2000-01-01+00' THEN heard.at ELSE answered_at END,
    ended_at = CASE WHEN ended_at < '2000-01-01+00' THEN heard.at ELSE ended_at END
FROM (SELECT one.id, coalesce(min(n.raw_at), now()) AS at FROM channels_call one
      LEFT JOIN channels_callnews n ON n.call_id = one.id GROUP BY one.id) AS heard
WHERE heard.id = c.id AND least(c.started_at, c.answered_at, c.ended_at) < '2000-01-01+00'
"""


class Migration(migrations.Migration):
    dependencies = [("channels", "0005_grants")]
    operations = [
        migrations.RunSQL([MEND, "SET CONSTRAINTS ALL IMMEDIATE"], migrations.RunSQL.noop),
        migrations.AddConstraint(
            "call",
            models.CheckConstraint(
                condition=Q(started_at__gte=EPOCH)
                & (Q(answered_at=None) | Q(answered_at__gte=EPOCH))
                & (Q(ended_at=None) | Q(ended_at__gte=EPOCH)),
                name="channels_call_times",
                violation_error_message="No call has a time like this.",
            ),
        ),
    ]
