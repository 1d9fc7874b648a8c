"""What is the same in any case, by the very expression of the constraints that keep it single.

`iexact` compares what `upper()` makes of both: there the dotless ı is an I, so that admın would be taken for admin, whom
the constraint (`lower()`) lets stand beside him.
"""

from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Contains, Exact, StartsWith

SAME = "lower({column}) = lower(%s)"  # the same rule in a statement written by hand


def in_any_case(field: str, value: str) -> Q:
    return Q(Exact(Lower(field), Lower(Value(value))))


def begins_in_any_case(field: str, value: str) -> Q:
    return Q(StartsWith(Lower(field), Lower(Value(value))))


def within_in_any_case(field: str, value: str) -> Q:
    return Q(Contains(Lower(field), Lower(Value(value))))


def same_in_any_case(one: str, other: str) -> bool:
    """Of two that are in memory already."""
    return one.lower() == other.lower()
