from yizhan.kernel.models.attachments import Attachment
from yizhan.kernel.models.history import AuditEntry, AuditText, StoredEvent
from yizhan.kernel.models.idempotency import IdempotencyKey
from yizhan.kernel.models.notices import Notice, NoticeTemplate
from yizhan.kernel.models.search import SearchRow

__all__ = [
    "Attachment",
    "AuditEntry",
    "AuditText",
    "IdempotencyKey",
    "Notice",
    "NoticeTemplate",
    "SearchRow",
    "StoredEvent",
]
