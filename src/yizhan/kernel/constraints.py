"""What the database refused, in the words of the rule that was broken, beside the field that broke it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, connection
from django.db.models import BaseConstraint, CheckConstraint, Model, Q
from django.utils.translation import gettext_lazy as _
from psycopg import errors as pg

from yizhan.kernel.errors import Conflict, DomainError, Invalid, Text

TAKEN = _("Another record has this already.")
OVERLAPS = _("This overlaps with another record.")
GONE = _("What is named here is not there any more.")
IN_USE = _("Other records still name this one.")
NEEDED = _("This is needed.")
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

    def __init__(self, message: Text, *, fields: dict[str, list[Any]]) -> None:
        super().__init__(message)
        self.fields = fields


def own_rule(model: type[Model], name: str) -> BaseConstraint | None:
    return next((rule for rule in model._meta.constraints if rule.name == name), None)


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
    names = list(getattr(rule, "fields", ())) or [field_name(model, column) for column in columns]
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


def refusal(error: DatabaseError, model: type[Model]) -> DomainError:
    """The refusal that a database error stands for; one that stands for none is raised again."""
    cause: Any = error.__cause__
    if not isinstance(cause, pg.IntegrityError | pg.DataError):
        raise error
    name, table = cause.diag.constraint_name or "", cause.diag.table_name or ""
    columns = [cause.diag.column_name] if cause.diag.column_name else columns_of(table, name) if name and table else []
    rule, own_tables = own_rule(model, name), {model._meta.db_table, *(f.m2m_db_table() for f in model._meta.many_to_many)}
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
        return AlreadyThere(message, fields=fields)
    return Invalid(message, fields=fields, code="broken_rule" if field else "invalid")
