"""Files of records: content-addressed, durable before the commit, read only through the gate."""

from yizhan.kernel.attachments.checking import CheckedFile, check, check_all, check_uploads, limit, read_upload
from yizhan.kernel.attachments.gate import may_read, register_owner
from yizhan.kernel.attachments.store import NOBODYS, adopt, open_content, root, store, sweep_orphans

__all__ = [
    "NOBODYS", "CheckedFile", "adopt", "check", "check_all", "check_uploads", "limit", "may_read", "open_content", "read_upload",
    "register_owner", "root", "store", "sweep_orphans",
]  # fmt: skip
