"""Files of records: content-addressed, durable before the commit, read only through the gate."""

from yizhan.kernel.attachments.gate import may_read, register_owner
from yizhan.kernel.attachments.store import adopt, open_content, store, sweep_orphans

__all__ = ["adopt", "may_read", "open_content", "register_owner", "store", "sweep_orphans"]
