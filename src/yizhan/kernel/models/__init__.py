from yizhan.kernel.models.attachments import Attachment
from yizhan.kernel.models.custom import CustomField, CustomValues
from yizhan.kernel.models.history import AuditCheck, AuditEntry, AuditHead, AuditText, StoredEvent
from yizhan.kernel.models.idempotency import IdempotencyKey
from yizhan.kernel.models.listing import SavedView
from yizhan.kernel.models.news import News, NoticePreference
from yizhan.kernel.models.notices import Notice, NoticeTemplate
from yizhan.kernel.models.search import SearchRow
from yizhan.kernel.models.servers import Claimed, ForeignServer
from yizhan.kernel.models.works import ImportMapping, Work

__all__ = [
    "Attachment",
    "AuditCheck",
    "AuditEntry",
    "AuditHead",
    "AuditText",
    "Claimed",
    "CustomField",
    "CustomValues",
    "ForeignServer",
    "IdempotencyKey",
    "ImportMapping",
    "News",
    "Notice",
    "NoticePreference",
    "NoticeTemplate",
    "SavedView",
    "SearchRow",
    "StoredEvent",
    "Work",
]  # fmt: skip
