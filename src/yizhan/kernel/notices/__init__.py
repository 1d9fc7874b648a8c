"""What the program tells people: an outbox in the transaction, editable words, retries after it."""

from yizhan.kernel.notices.news import (
    NewsKind,
    keep_preference,
    mark_seen,
    news_kinds,
    open_news,
    preference_of,
    register_news,
    tell_people,
)
from yizhan.kernel.notices.outbox import gathered, once, queue, send_due
from yizhan.kernel.notices.templates import Shipped, seed_templates, ship
from yizhan.kernel.notices.transports import register_transport

__all__ = [
    "NewsKind", "Shipped", "gathered", "keep_preference", "mark_seen", "news_kinds", "once", "open_news", "preference_of", "queue",
    "register_news", "register_transport", "seed_templates", "send_due", "ship", "tell_people",
]  # fmt: skip
