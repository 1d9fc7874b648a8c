"""REST operations of every declared resource."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, DateField, DateTimeField, Field, IntegerField, Model
from django.http import HttpRequest
from ninja import Router, Status
from pydantic import create_model

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid, NotFound
from yizhan.kernel.models import CustomField
from yizhan.kernel.paging import paginate
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.saving import save_record
from yizhan.kernel.rest import StrictSchema, documented, read_body
from yizhan.kernel.web import actor_of, clean_limit

OUT = {200: dict[str, Any], 201: dict[str, Any]}
EXAMPLES: dict[str, Any] = {
    "code": "demo-c", "name": "示例", "display_name": "王敏", "username": "engineer9", "customer": "demo-a",
    "phone": "13800000000",
    "email": "someone@demo-a.example", "active": True, "tier": 1, "half": "software", "role": "technician", "user": "engineer1",
}  # fmt: skip


def field_type(resource: Resource[Any], name: str) -> type[Any]:
    field: Any = resource.model._meta.get_field(name)
    if field.many_to_many:
        return list[str] if name in resource.natural else list[int]
    if field.is_relation:
        return str if name in resource.natural else int
    if isinstance(field, ArrayField):
        return list[str]
    if isinstance(field, BooleanField):
        return bool
    return int if isinstance(field, IntegerField) else str


def input_schema(resource: Resource[Any], verb: str, extra: dict[str, Any]) -> type[StrictSchema]:
    fields: dict[str, Any] = {name: (field_type(resource, name) | None, None) for name in resource.fields}
    fields.update(extra)
    if resource.is_field("custom"):
        fields["custom"] = (dict[str, Any] | None, None)
    example = {name: EXAMPLES.get(name) for name in resource.fields if name in EXAMPLES}
    title = f"{resource.model.__name__}{verb}"
    made: type[StrictSchema] = create_model(title, __base__=StrictSchema, **fields)
    made.model_config["json_schema_extra"] = {"example": example}
    return made


Shown = tuple[Actor, list[CustomField]]


def shown_by(resource: Resource[Any], actor: Actor) -> Shown:
    """What decides how the records are seen: by whom, and the installation's own fields."""
    return actor, resource.custom()


def show(resource: Resource[Any], record: Any, shown: Shown) -> dict[str, Any]:
    """One record as REST shows it: codes and user names instead of ids."""
    actor, definitions = shown
    hidden = resource.policy.hidden_of(actor, record)
    result: dict[str, Any] = {"id": record.pk}
    if definitions:
        result["custom"] = custom_fields.for_program(definitions, record.custom)
    for name in dict.fromkeys((*resource.fields, *resource.read_only)):
        if name in hidden:
            continue
        value = getattr(record, name)
        field = resource.model._meta.get_field(name) if resource.is_field(name) else None
        attribute = resource.natural.get(name, "pk")
        if field is not None and field.many_to_many:
            result[name] = [getattr(item, attribute) for item in value.all()]
        elif isinstance(value, Model):
            result[name] = getattr(value, attribute)
        else:
            result[name] = value
    return result


def form_data(resource: Resource[Any], given: dict[str, Any], record: Any) -> dict[str, Any]:
    """The body as form input; what a PATCH leaves out keeps its value."""
    data: dict[str, Any] = {}
    definitions = resource.custom()
    values = custom_fields.merged(
        record.custom if record is not None else {}, definitions,
        custom_fields.from_program(definitions, given.pop("custom", None) or {}),
    ) if definitions else {}  # fmt: skip
    data |= {definition.name: custom_fields.initial(definition, values) for definition in definitions}
    for name in resource.fields:
        field: Any = resource.model._meta.get_field(name)
        if name not in given:
            data[name] = current(field, record)
        elif field.is_relation and name in resource.natural and given[name] is not None:
            data[name] = related_key(field, resource.natural[name], given[name], name)
        else:
            data[name] = given[name]
    return {key: value for key, value in data.items() if value is not None}


def current(field: Any, record: Model | None) -> Any:
    if record is None:
        default = field.get_default() if isinstance(field, Field) and field.has_default() else None
        return default if not callable(default) else default()
    if field.many_to_many:
        return list(getattr(record, field.name).values_list("pk", flat=True))
    value = getattr(record, field.attname)
    return value.isoformat() if isinstance(field, DateField | DateTimeField) and value else value


def related_key(field: Any, attribute: str, value: Any, name: str) -> Any:
    rows = field.related_model._default_manager
    if field.many_to_many:
        return list(rows.filter(**{f"{attribute}__in": value}).values_list("pk", flat=True))
    pk = rows.filter(**{attribute: value}).values_list("pk", flat=True).first()
    if pk is None:
        raise Invalid(f"{name}: {value}", fields={name: [f"{value}?"]}, code="unknown_reference")
    return pk


def find_key(resource: Resource[Any], request: HttpRequest, key: str) -> Model:
    if resource.key == "id" and not (key.isascii() and key.isdigit() and len(key) < 19):
        raise NotFound
    found: Model = resource.policy.find(actor_of(request), resource.view, **{resource.key: key})
    return found


def build_router(resource: Resource[Any], *, extra: dict[str, Any] | None = None) -> Router:
    """GET and POST of the collection, GET and PATCH of one."""
    router = Router(tags=[resource.name])
    create = input_schema(resource, "Create", extra or {})
    change = input_schema(resource, "Change", extra or {})

    def list_records(request: HttpRequest, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        actor = actor_of(request)
        resource.policy.require(actor, resource.view)
        rows = resource.found(actor, request.GET)
        page = paginate(rows, resource.order, limit=clean_limit(limit), cursor=cursor)
        shown = shown_by(resource, actor)
        return {"items": [show(resource, item, shown) for item in page.items], "next": page.next}

    def create_record(request: HttpRequest) -> Status[dict[str, Any]]:
        actor = actor_of(request)
        resource.policy.require(actor, resource.change)
        given = read_body(request, create).dict(exclude_unset=True)
        own = {name: given.pop(name) for name in list(given) if name not in {*resource.fields, "custom"}}
        data = form_data(resource, given, None)
        record = save_record(actor=actor, resource=resource, pk=None, data=data, extra=own)
        return Status(201, show(resource, record, shown_by(resource, actor)))

    def read_record(request: HttpRequest, key: str) -> dict[str, Any]:
        record = find_key(resource, request, key)
        return show(resource, record, shown_by(resource, actor_of(request)))

    def change_record(request: HttpRequest, key: str) -> dict[str, Any]:
        actor = actor_of(request)
        record = find_key(resource, request, key)
        resource.policy.require(actor, resource.change, record)
        given = read_body(request, change).dict(exclude_unset=True)
        own = {name: given.pop(name) for name in list(given) if name not in {*resource.fields, "custom"}}
        data = form_data(resource, given, record)
        saved = save_record(actor=actor, resource=resource, pk=record.pk, data=data, extra=own)
        return show(resource, saved, shown_by(resource, actor))

    def add(path: str, method: str, view: Any, verb: str, body: type[StrictSchema] | None = None) -> None:
        one = {"id": 1, **{field: EXAMPLES.get(field) for field in (*resource.fields, *resource.read_only)}}
        shown = {"items": [one], "next": None} if verb == "list" else one
        name, extra = f"{resource.name}_{verb}", documented(body, answers={201 if verb == "create" else 200: shown})
        router.add_api_operation(path, [method], view, response=OUT, operation_id=name, openapi_extra=extra)

    add("", "GET", list_records, "list")
    add("", "POST", create_record, "create", create)
    add("/{key}", "GET", read_record, "read")
    add("/{key}", "PATCH", change_record, "change", change)
    return router
