"""What the database refused, in the words of the rule that was broken, beside the field that broke it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, connection
from django.db.models import BaseConstraint, CheckConstraint, F, Model, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from psycopg import errors as pg

from yizhan.kernel.errors import NEEDED, Conflict, DomainError, Invalid, Text

TAKEN = _("Another record has this already.")
OVERLAPS = _("This overlaps with another record.")
GONE = _("What is named here is not there any more.")
IN_USE = _("Other records still name this one.")
NOT_ALLOWED_HERE = _("This value is not allowed here.")
TOO_LARGE = _("This value is too large.")
COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%(table)s) AND attnum > 0 AND attnum = ANY (
    SELECT unnest(conkey) FROM pg_constraint WHERE conname = %(name)s AND conrelid = to_regclass(%(table)s)
    UNION
    SELECT unnest(indkey::int2[]) FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%(name)s))
) ORDER BY attnum
"""


class AlreadyThere(Conflict):
    """Somebody else was quicker: what must be single, or apart, is taken."""

    code = "already_there"

    def __init__(self, message: Text, *, code: str = "", fields: dict[str, list[Any]]) -> None:
        super().__init__(message, code=code)
        self.fields = fields


class BrokenRule(Invalid):
    """The database holds what the program let through: what it names is gone, or not allowed."""

    code = "broken_rule"


def model_of(table: str) -> type[Model] | None:
    return next((model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table), None)


def names_of(rule: BaseConstraint | None) -> list[str]:
    """The fields that a rule says are single, as they are or in one of their forms."""
    if not isinstance(rule, UniqueConstraint):
        return []
    expressions: Any = rule.expressions
    parts: list[Any] = [part for expression in expressions for part in expression.flatten() if isinstance(part, F)]
    return [*rule.fields, *(part.name for part in parts)]


def own_rule(model: type[Model], name: str, columns: list[str]) -> BaseConstraint | None:
    """The rule of this name; the index of a single field speaks with the words of the rule about the same field."""
    rules = model._meta.constraints
    named = next((rule for rule in rules if rule.name == name), None)
    same = [field_name(model, column) for column in columns]
    return named or next((rule for rule in rules if same and names_of(rule) == same), None)


def columns_of(table: str, name: str) -> list[str]:
    """The columns that a constraint or a unique index looks at; asked after the failed statement was rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, {"table": f'"{table}"', "name": name})
        return [column for (column,) in cursor.fetchall()]


def field_name(model: type[Model], column: str) -> str:
    found = next((f.name for f in model._meta.concrete_fields if column in {f.column, f.attname, f.name}), "")
    return found or column


def own_words(rule: BaseConstraint | None) -> Text:
    """The rule's own message, if somebody gave it one."""
    if rule is None or rule.violation_error_message == rule.default_violation_error_message:
        return ""
    return rule.violation_error_message or ""


def beside(model: type[Model], rule: BaseConstraint | None, columns: list[str]) -> str:
    """The field that the message stands beside: of several, the last that a rule names."""
    names = names_of(rule) or [field_name(model, column) for column in columns]
    if not names and isinstance(rule, CheckConstraint):
        named = rule.condition.referenced_base_fields if isinstance(rule.condition, Q) else set()
        names = [f.name for f in model._meta.concrete_fields if f.name in named]
    return next((name for name in reversed(names) if name in {f.name for f in model._meta.concrete_fields}), "")


def broken_rules(record: Model) -> dict[str, list[Any]]:
    """What the record's own constraints have against it, before the database is asked: messages by field."""
    found: dict[str, list[Any]] = {}
    for rule in record._meta.constraints:
        try:
            rule.validate(type(record), record)
        except ValidationError as error:
            name = beside(type(record), rule, []) or NON_FIELD_ERRORS
            found.setdefault(name, []).extend(error.messages)
    return found


def require_sound(record: Model, exclude: Collection[str] = ()) -> None:
    """What is wrong with a record before the database is asked: its fields by themselves, then its rules in their own words.

    Raises:
        Invalid: with a message per field.
    """
    fields: dict[str, list[Any]] = {}
    try:
        record.full_clean(exclude=set(exclude), validate_constraints=False)
    except ValidationError as error:
        fields = error.message_dict
    fields |= broken_rules(record)
    if fields:
        raise Invalid(_("Some fields are not right."), fields=fields)


def refusal(error: DatabaseError, named: type[Model] | None = None) -> DomainError:
    """The refusal that a database error stands for; one that stands for none is raised again.

    Asked after the failed statement was rolled back. `named` is the model that was written, where somebody knows it;
    else it is the one whose table the database names.
    """
    cause: Any = error.__cause__
    if not isinstance(cause, pg.IntegrityError | pg.DataError):
        raise error
    name, table = cause.diag.constraint_name or "", cause.diag.table_name or ""
    model = named or model_of(table)
    if model is None:
        raise error
    columns = [cause.diag.column_name] if cause.diag.column_name else columns_of(table, name) if name and table else []
    rule = own_rule(model, name, columns)
    own_tables = {model._meta.db_table, *(f.m2m_db_table() for f in model._meta.many_to_many)}
    usual: Text = NOT_ALLOWED_HERE
    for kind, words in (
        (pg.UniqueViolation, TAKEN), (pg.ExclusionViolation, OVERLAPS), (pg.NotNullViolation, NEEDED),
        (pg.ForeignKeyViolation, GONE if table in own_tables else IN_USE), (pg.DataError, TOO_LARGE),
    ):  # fmt: skip
        if isinstance(cause, kind):
            usual = words
    message = own_words(rule) or usual
    field = beside(model, rule, columns)
    fields = {field: [message]} if field else {}
    if isinstance(cause, pg.UniqueViolation | pg.ExclusionViolation):
        return AlreadyThere(message, code=getattr(rule, "violation_error_code", None) or "", fields=fields)
    kind_of = Invalid if isinstance(cause, pg.DataError) else BrokenRule
    return kind_of(message, fields=fields)
