"""Who may read an attachment: its uploader while it has no owner, then whoever the owner's app says."""

from collections.abc import Callable

from yizhan.kernel.actor import Actor
from yizhan.kernel.models import Attachment

Reader = Callable[[Actor, Attachment], bool]
_readers: dict[str, Reader] = {}


def register_owner(owner_type: str, reader: Reader) -> None:
    _readers[owner_type] = reader


def may_read(actor: Actor, attachment: Attachment) -> bool:
    if not attachment.owner_type:
        return actor.user_id is not None and attachment.uploaded_by_id == actor.user_id
    reader = _readers.get(attachment.owner_type)
    return reader is not None and reader(actor, attachment)
