"""What is the same in any case, by the very expression of the constraints that keep it single.

`iexact` compares what `upper()` makes of both: there the dotless ı is an I, so that admın would be taken for admin, whom
the constraint (`lower()`) lets stand beside him.
"""

from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact


def in_any_case(field: str, value: str) -> Q:
    return Q(Exact(Lower(field), Lower(Value(value))))
