"""One adapter per kind of field: how its values are read and shown, for every face alike (docs/decisions/0011)."""

from yizhan.kernel.fields.compound import Choice, Members, Related, Several, adapter_of, at_path
from yizhan.kernel.fields.scalars import NO, YES, Adapter, Free, Moment, Switch, split

__all__ = [
    "NO", "YES", "Adapter", "Choice", "Free", "Members", "Moment", "Related", "Several", "Switch", "adapter_of", "at_path",
    "split",
]  # fmt: skip
