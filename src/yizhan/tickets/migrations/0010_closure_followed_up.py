"""What the user called not solved and a new ticket follows was archived as served; it says so now."""

from django.db import migrations, models

FORWARD = """
UPDATE tickets_ticket k SET closure_code = 'followed_up', closure_reason = f.number
FROM (
    SELECT DISTINCT ON (v.ticket_id) v.ticket_id, s.number
    FROM tickets_returnvisit v
    JOIN tickets_ticket t ON t.id = v.ticket_id AND v.made_at >= t.completed_at AND v.made_at <= t.archived_at
    JOIN tickets_ticketlink l ON l.target_id = v.ticket_id AND l.kind = 'follow_up_of' AND l.created_at <= t.archived_at
    JOIN tickets_ticket s ON s.id = l.source_id AND s.created_at >= v.made_at
    WHERE t.state = 'archived' AND t.closure_code = 'normal' AND v.solved = false
      AND NOT EXISTS (SELECT 1 FROM tickets_returnvisit n
                      WHERE n.ticket_id = v.ticket_id AND n.solved IS NOT NULL AND n.id > v.id)
    ORDER BY v.ticket_id, s.id
) f WHERE k.id = f.ticket_id
"""
BACK = "UPDATE tickets_ticket SET closure_code = 'normal', closure_reason = '' WHERE closure_code = 'followed_up'"
CHOICES = [
    ("normal", "served"), ("followed_up", "not solved, followed by a new ticket"), ("cancelled", "cancelled"),
    ("duplicate", "duplicate"), ("misreport", "misreport"), ("out_of_scope", "out of scope"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("tickets", "0009_restricted_search")]

    operations = [
        migrations.AlterField("ticket", "closure_code", models.CharField(max_length=14, choices=CHOICES, blank=True)),
        migrations.RunSQL(FORWARD, BACK),
    ]
