"""The database keeps a record in the states that its life knows."""

from django.db.models import CheckConstraint, Choices, Q


def in_states(field: str, states: type[Choices], *, name: str) -> CheckConstraint:
    """For a model's Meta: whatever writes the row, `field` holds one of `states`. The life above is checked against them."""
    return CheckConstraint(condition=Q(**{f"{field}__in": states.values}), name=name)
