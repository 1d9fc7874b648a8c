"""Every field kind that Django has, with NULL and in both directions, through every face that the adapter serves."""

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection, models
from django.db.models.fields.proxy import OrderWrt
from django.db.models.functions import Lower
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from yizhan.kernel import fields as kinds
from yizhan.kernel.documents.xlsx import write_xlsx
from yizhan.kernel.errors import Invalid
from yizhan.kernel.fields import adapter_of
from yizhan.kernel.paging import encode, paginate

MOMENT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
NULL: dict[str, Any] = {"null": True}
SAMPLES: dict[str, tuple[Any, list[Any]]] = {
    "char": (models.CharField(max_length=20, **NULL), ["甲", "乙 b", ""]),
    "text": (models.TextField(**NULL), ["a\nb", "z", "'"]),
    "slug": (models.SlugField(**NULL), ["a-b", "c", "d"]),
    "email": (models.EmailField(**NULL), ["a@b.example", "c@d.example", "e@f.example"]),
    "url": (models.URLField(**NULL), ["https://a.example/", "https://b.example/", "https://c.example/"]),
    "path": (models.FilePathField(path="/srv", **NULL), ["/srv/a", "/srv/b", "/srv/c"]),
    "file": (models.FileField(**NULL), ["a.txt", "b.txt", "c.txt"]),
    "image": (models.ImageField(**NULL), ["a.png", "b.png", "c.png"]),
    "boolean": (models.BooleanField(**NULL), [True, False, True]),
    "small": (models.SmallIntegerField(**NULL), [-32768, 0, 32767]),
    "integer": (models.IntegerField(**NULL), [-(2**31), 7, 2**31 - 1]),
    "big": (models.BigIntegerField(**NULL), [-(2**63), 7, 2**63 - 1]),
    "psmall": (models.PositiveSmallIntegerField(**NULL), [0, 1, 32767]),
    "pinteger": (models.PositiveIntegerField(**NULL), [0, 1, 2**31 - 1]),
    "pbig": (models.PositiveBigIntegerField(**NULL), [0, 1, 2**63 - 1]),
    "decimal": (models.DecimalField(max_digits=12, decimal_places=4, **NULL), [Decimal("-1.5"), Decimal("0.1000"), Decimal("9")]),
    "float": (models.FloatField(**NULL), [-1e300, 0.1, 3.0]),
    "date": (models.DateField(**NULL), [date(1, 1, 1), date(2026, 11, 22), date(9999, 12, 31)]),
    "datetime": (models.DateTimeField(**NULL), [MOMENT, MOMENT + timedelta(microseconds=1), MOMENT - timedelta(days=40_000)]),
    "time": (models.TimeField(**NULL), [time(0), time(12, 30, 1, 5), time.max]),
    "duration": (models.DurationField(**NULL), [timedelta(-3, 5), timedelta(0), timedelta(400, 1, 7)]),
    "uuid": (models.UUIDField(**NULL), [uuid.UUID(int=1), uuid.UUID(int=2**127), uuid.UUID(int=3)]),
    "ip": (models.GenericIPAddressField(**NULL), ["192.0.2.1", "2001:db8::1", "198.51.100.7"]),
    "ip4": (models.GenericIPAddressField(protocol="ipv4", **NULL), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    "binary": (models.BinaryField(**NULL), [b"\x00", b"\xff\x00", b""]),
    "json": (models.JSONField(**NULL), [{"a": [1, None]}, [1, "二"], "x"]),
    "texts": (ArrayField(models.CharField(max_length=20), **NULL), [["a"], ["b", "c"], []]),
    "numbers": (ArrayField(models.IntegerField(), **NULL), [[1], [2, 3], []]),
    "choice": (models.CharField(max_length=2, choices=[("a", "一"), ("b", "二")], **NULL), ["a", "b", "a"]),
    "tier": (models.SmallIntegerField(choices=[(1, "一线"), (2, "二线")], **NULL), [1, 2, 1]),
}  # fmt: skip
ORDERED = sorted(set(SAMPLES) - {"json"})
NEVER_FILLED = {
    models.Field, models.ForeignObject, models.AutoField, models.SmallAutoField, models.CompositePrimaryKey, models.IPAddressField,
    models.CommaSeparatedIntegerField, models.NullBooleanField, OrderWrt,
}  # fmt: skip


@pytest.fixture
def workshop(db: None) -> str:
    """A schema in which the daily role, which makes no tables elsewhere, may make those of a test."""
    from django.conf import settings

    name = "workshop"
    with psycopg.connect(settings.YIZHAN.database_owner_url, dbname=connection.settings_dict["NAME"], autocommit=True) as owner:
        owner.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
        owner.execute(f"GRANT ALL ON SCHEMA {name} TO PUBLIC")
    return name


@pytest.fixture
def table(workshop: str) -> Iterator[type[Any]]:
    """A real table with a column of every kind: rows full, sparse and empty."""
    with isolate_apps("yizhan.kernel"):

        class Other(models.Model):
            code = models.CharField(max_length=20)

            class Meta:
                app_label = "kernel"

            def __str__(self) -> str:
                return f"«{self.code}»"

        columns = {name: field.clone() for name, (field, _values) in SAMPLES.items()}
        every: Any = type("Every", (models.Model,), {
            **columns, "other": models.ForeignKey(Other, models.CASCADE, null=True),
            "single": models.OneToOneField(Other, models.CASCADE, null=True, related_name="+"),
            "others": models.ManyToManyField(Other, related_name="+"),
            "made": models.GeneratedField(expression=Lower("slug"), output_field=models.CharField(max_length=60), db_persist=True),
            "Meta": type("Meta", (), {"app_label": "kernel"}), "__module__": __name__,
        })  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL search_path TO {workshop}, public")
        with connection.schema_editor() as editor:
            editor.create_model(Other)
            editor.create_model(every)
        others = [Other._default_manager.create(code=code) for code in ("x", "y", "z")]
        for number in range(3):
            row = every.objects.create(
                **{name: values[number] for name, (_field, values) in SAMPLES.items()},
                other=others[number],
                single=others[number],
            )
            row.others.set(others[: number + 1])
        every.objects.create()
        every.objects.create(**{name: values[1] for name, (_field, values) in SAMPLES.items()}, other=others[1])
        every.objects.create()
        yield every


def test_every_kind_that_django_has_is_here(table: Any) -> None:
    from django.contrib.postgres import fields as postgres

    known = {type(field) for field in table._meta.get_fields()}
    offered = {kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, models.Field)}
    assert offered - known <= NEVER_FILLED, offered - known - NEVER_FILLED
    assert postgres.ArrayField in known


@pytest.mark.parametrize("name", [*sorted(SAMPLES), "other", "single", "made", "id"])
def test_a_value_comes_back_whole(name: str, table: Any) -> None:
    field = table._meta.get_field(name)
    adapter = adapter_of(field)
    for row in table.objects.all():
        value = getattr(row, field.attname)
        if value is None or (name in {"file", "image"} and not value):
            continue
        value = bytes(value) if name == "binary" else value
        plain = json.loads(json.dumps(adapter.plain(value), allow_nan=False))
        assert adapter.read(plain) == value
        TypeAdapter(adapter.schema()).validate_python(plain)
        assert adapter.words(plain) or plain in ("", [])
        assert write_xlsx([name], [[adapter.shown(getattr(row, name))]], title=name)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", [*ORDERED, "other", "single", "made", "id", "other__code"])
def test_pages_in_every_order_miss_and_repeat_nothing(name: str, sign: str, table: Any) -> None:
    path = f"{name}_id" if name in {"other", "single"} else name
    whole = [row.pk for row in table.objects.order_by(f"{sign}{path}", "id")]
    found: list[int] = []
    cursor = None
    for _page in range(len(whole) + 1):
        page = paginate(table.objects.select_related("other"), (f"{sign}{name}", "id"), limit=1, cursor=cursor)
        found += [row.pk for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == whole
    assert len(whole) == 6


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_filter_finds_what_a_program_was_shown(name: str, table: Any) -> None:
    adapter = adapter_of(table._meta.get_field(name))
    row = table.objects.order_by("pk")[1]
    value = getattr(row, name)
    plain = adapter.plain(bytes(value) if name == "binary" else value)
    if isinstance(plain, list) and name != "json":
        plain = plain[0]
    text = plain if isinstance(plain, str) and name != "json" else json.dumps(plain)
    assert row in list(table.objects.filter(adapter.where(name, text)))


def test_a_day_asks_for_all_of_it_in_local_time(table: Any) -> None:
    adapter = adapter_of(table._meta.get_field("datetime"))
    assert table.objects.filter(adapter.where("datetime", "2026-11-22")).count() == 3
    assert table.objects.filter(adapter.where("datetime", "2026-11-21")).count() == 0


def test_relations_by_the_name_that_programs_know(table: Any) -> None:
    row = table.objects.order_by("pk").first()
    one, many = adapter_of(table._meta.get_field("other"), "code"), adapter_of(table._meta.get_field("others"), "code")
    assert (one.plain(row.other), many.plain(row.others)) == ("x", ["x"])
    assert (one.shown(row.other), many.shown(row.others)) == ("«x»", "«x»")
    assert list(table.objects.filter(one.where("other", "x"))) == [row]
    assert table.objects.filter(many.where("others", "x")).count() == 3


@pytest.mark.parametrize("name", ["json", "others"])
def test_what_has_no_order_is_refused_when_declared(name: str, table: Any) -> None:
    with pytest.raises(ImproperlyConfigured):
        paginate(table.objects.all(), (name, "id"), limit=1)


def test_a_cursor_of_another_order_is_refused(table: Any) -> None:
    cursor = paginate(table.objects.all(), ("integer", "id"), limit=1).next
    with pytest.raises(Invalid):
        paginate(table.objects.all(), ("-integer", "id"), limit=1, cursor=cursor)
    with pytest.raises(Invalid):
        paginate(table.objects.all(), ("small", "id"), limit=1, cursor=cursor)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(min_value=10**300, max_value=10**301) | st.text(max_size=30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["\0", "0001-01-01", "9999-12-31T23:59:59+00:00", "1e999999", "NaN", "-Infinity", "P9999999999D", "٣"]),
    lambda inner: st.lists(inner, max_size=3), max_leaves=4,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=ODD)
def test_forged_cursors_and_odd_filters_are_refused_not_failed(odd: Any, table: Any) -> None:
    for name in ORDERED:
        adapter = adapter_of(table._meta.get_field(name))
        with suppress(Invalid):
            paginate(table.objects.all(), (name, "id"), limit=2, cursor=encode([odd, 1], f"{name},id"))
        with suppress(ValidationError):
            list(table.objects.filter(adapter.where(name, str(odd))))


def test_what_cells_say(table: Any) -> None:
    said = {
        "boolean": ("是", True), "choice": ("二", "b"), "tier": ("一线", 1), "texts": ("a，b、c", ["a", "b", "c"]),
        "numbers": ("1,2", [1, 2]), "json": ('{"a": 1}', {"a": 1}), "decimal": ("1.50", Decimal("1.5")),
    }  # fmt: skip
    for name, (text, value) in said.items():
        assert adapter_of(table._meta.get_field(name)).cell(text) == value
    for name, text in (("boolean", "也许"), ("choice", "三"), ("json", "{"), ("numbers", "x"), ("decimal", "NaN")):
        with pytest.raises(ValidationError):
            adapter_of(table._meta.get_field(name)).cell(text)


def test_moments_that_no_zone_can_show_are_refused() -> None:
    adapter = kinds.Moment(models.DateTimeField())
    for text in ("0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "2026-13-01", "x"):
        with pytest.raises(ValidationError):
            adapter.read(text)
