"""Files of records: content-addressed, durable before the commit, read only through the gate."""

from yizhan.kernel.attachments.gate import may_read, register_owner
from yizhan.kernel.attachments.store import NOBODYS, adopt, limit, open_content, read_upload, store, sweep_orphans

__all__ = ["NOBODYS", "adopt", "limit", "may_read", "open_content", "read_upload", "register_owner", "store", "sweep_orphans"]
