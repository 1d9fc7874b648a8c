"""What the program tells people: an outbox in the transaction, editable words, retries after it."""

from yizhan.kernel.notices.outbox import queue, send_due
from yizhan.kernel.notices.templates import Shipped, seed_templates, ship
from yizhan.kernel.notices.transports import register_transport

__all__ = ["Shipped", "queue", "register_transport", "seed_templates", "send_due", "ship"]
