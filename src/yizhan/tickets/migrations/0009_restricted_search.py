"""What tickets are found by: numbers and addresses of people move from the internal words to the restricted ones."""

from django.db import migrations

# The old internal row becomes the restricted one; the new internal row is what is left of it without the number
# and address. A word that is part of either goes too unless it is public: rather one hit less than one too many.
FORWARD = """
UPDATE kernel_searchrow SET audience = 2 WHERE object_type = 'tickets.ticket' AND audience = 1;
INSERT INTO kernel_searchrow (object_type, object_id, audience, customer_id, number, title, tokens, at)
SELECT r.object_type, r.object_id, 1, r.customer_id, r.number, r.title,
    ARRAY(SELECT t FROM unnest(r.tokens) t WHERE t = ANY(p.tokens)
          OR (strpos(lower(c.email), t) = 0 AND strpos(regexp_replace(c.phone, '[^0-9]', '', 'g'), t) = 0) ORDER BY t), r.at
FROM kernel_searchrow r
JOIN kernel_searchrow p ON p.object_type = r.object_type AND p.object_id = r.object_id AND p.audience = 0
JOIN tickets_ticket k ON k.id = r.object_id JOIN people_contact c ON c.id = k.requester_id
WHERE r.object_type = 'tickets.ticket' AND r.audience = 2
"""
BACK = """
DELETE FROM kernel_searchrow WHERE object_type = 'tickets.ticket' AND audience = 1;
UPDATE kernel_searchrow SET audience = 1 WHERE object_type = 'tickets.ticket' AND audience = 2
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0008_signature_evidence"),
        ("kernel", "0007_restricted_search"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACK)]
