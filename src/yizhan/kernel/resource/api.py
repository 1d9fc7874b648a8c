"""REST operations of every declared resource."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, StrictInt, create_model

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Forbidden, Invalid, NotFound
from yizhan.kernel.fields import Free, Members, Several
from yizhan.kernel.lifecycle import Life, Transition
from yizhan.kernel.lifecycle.bodies import body_of, perform
from yizhan.kernel.models import CustomField
from yizhan.kernel.paging import paginate
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.registry import resource_of
from yizhan.kernel.resource.saving import save_record, version_of
from yizhan.kernel.rest import StrictSchema, documented, listed, query_parameter, read_body
from yizhan.kernel.web import actor_of, clean_limit

EXAMPLES: dict[str, Any] = {
    "code": "demo-c", "name": "示例", "display_name": "王敏", "username": "engineer9", "customer": "demo-a",
    "phone": "13800000000",
    "email": "someone@demo-a.example", "active": True, "tier": 1, "half": "software", "role": "technician", "user": "engineer1",
}  # fmt: skip


def entry_type(resource: Resource[Any], name: str) -> Any:
    """What a program may send for a field; null where it may be empty."""
    field: Any = resource.model._meta.get_field(name)
    may_lack = field.null or (field.blank and not isinstance(field, BooleanField))
    return resource.adapter(name).entry() | None if may_lack else resource.adapter(name).entry()


def needed(resource: Resource[Any]) -> list[str]:
    """What a new record cannot do without."""
    own: list[Any] = [resource.model._meta.get_field(name) for name in resource.fields]
    return [f.name for f in own if not (f.blank or f.null or (not f.is_relation and f.has_default()))]


def input_schema(resource: Resource[Any], verb: str, extra: dict[str, Any]) -> type[StrictSchema]:
    fields: dict[str, Any] = {name: (entry_type(resource, name), None) for name in resource.fields}
    fields.update(extra)
    if resource.is_field("custom"):
        fields["custom"] = (dict[str, Any] | None, None)
    if verb == "Change":
        fields["version"] = ((StrictInt if resource.life else str) | None, None)
    example = {name: EXAMPLES.get(name) for name in resource.fields if name in EXAMPLES}
    title = f"{resource.model.__name__}{verb}"
    made: type[StrictSchema] = create_model(title, __base__=StrictSchema, **fields)
    more: Any = {"example": example, "required": needed(resource)} if verb == "Create" else {"example": example}
    made.model_config["json_schema_extra"] = more
    return made


def filter_type(resource: Resource[Any], name: str) -> Any:
    """What a filter's text stands for; of a list, one member."""
    adapter = resource.adapter(name)
    kind = adapter.one.schema() if isinstance(adapter, Members | Several) else adapter.json
    return date | datetime if kind is datetime else kind


def output_schema(resource: Resource[Any]) -> type[BaseModel]:
    """What `show` gives, from the fields' own adapters."""
    fields: dict[str, Any] = {"id": (int, ...), "version": (int if resource.life else str, ...)}
    if resource.is_field("custom"):
        fields["custom"] = (dict[str, Any], {})
    for name in resource.shown:
        field: Any = resource.model._meta.get_field(name) if resource.is_field(name) else None
        kind = Any if field is None else resource.adapter(name).schema()
        kind = kind | None if field is not None and field.null else kind
        fields[name] = (kind, None if name in resource.policy.guarded else ...)
    if resource.life:
        fields["actions"] = (list[str], ...)
    known = {"version": 3, "actions": list(resource.life.transitions)[:2]} if resource.life else {"version": "5f1d0c9a7be24310"}
    one = {"id": 1, **known, **{name: EXAMPLES[name] for name in fields if name in EXAMPLES}}
    return create_model(f"{resource.model.__name__}Out", __config__=ConfigDict(json_schema_extra={"example": one}), **fields)


Shown = tuple[Actor, list[CustomField]]


def shown_by(resource: Resource[Any], actor: Actor) -> Shown:
    """What decides how the records are seen: by whom, and the installation's own fields."""
    return actor, resource.custom(actor)


def show(resource: Resource[Any], record: Any, shown: Shown) -> dict[str, Any]:
    """One record as REST shows it: codes and user names instead of ids."""
    actor, definitions = shown
    hidden = resource.policy.hidden_of(actor, record)
    result: dict[str, Any] = {"id": record.pk, "version": version_of(resource, record)}
    if definitions:
        public_only = not resource.policy.shows_internal(actor, record)
        result["custom"] = custom_fields.for_program(definitions, record.custom, public_only=public_only)
    for name in resource.shown:
        if name in hidden:
            continue
        value = getattr(record, name)
        known = value is not None and resource.is_field(name)
        result[name] = resource.adapter(name).plain(value) if known else value
    if resource.life:
        result["actions"] = [transition.action for transition in resource.life.actions_for(actor, record)]
    return result


def form_data(resource: Resource[Any], actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    """What a program sent, as its form would send it."""
    data: dict[str, Any] = {}
    definitions = resource.custom(actor)
    own = custom_fields.from_program(definitions, given.pop("custom", None) or {}) if definitions else {}
    for definition in definitions:
        if definition.name in own:
            kept = custom_fields.merged({}, [definition], own)
            data[definition.name] = custom_fields.initial(definition, kept)
    for name, value in given.items():
        field: Any = resource.model._meta.get_field(name)
        named = field.is_relation and name in resource.natural and value is not None
        data[name] = related_key(resource, actor, field, value) if named else value
        if isinstance(resource.adapter(name), Free) and value is not None:
            data[name] = json.dumps(value)
    return data


def related_key(resource: Resource[Any], actor: Actor, field: Any, value: Any) -> Any:
    """The key of what the value names, among what the actor sees.

    Raises:
        Invalid: no such record; of a list, those that are not known.
    """
    attribute, related = resource.natural[field.name], resource_of(field.related_model)
    rows = related.policy.scope(actor, related.view)
    wanted = list(dict.fromkeys(value if field.many_to_many else [value]))
    found = dict(rows.filter(**{f"{attribute}__in": wanted}).values_list(attribute, "pk"))
    unknown = [item for item in wanted if item not in found]
    if unknown:
        names = "、".join(str(item) for item in unknown)
        message = _("“{text}” is not known.").format(text=names)
        raise Invalid(f"{field.name}: {names}", fields={field.name: [message]}, code="unknown_reference")
    return list(found.values()) if field.many_to_many else found[wanted[0]]


def find_key(resource: Resource[Any], request: HttpRequest, key: str) -> Model:
    try:
        resource.adapter(resource.key).read(key)
    except ValidationError as error:
        raise NotFound from error
    found: Model = resource.policy.find(actor_of(request), resource.view, **{resource.key: key})
    return found


def add_actions(router: Router, resource: Resource[Any], life: type[Life[Any]], shape: type[BaseModel]) -> None:
    """One operation per action, so that each body stands in OpenAPI with its example.

    It refuses in this order: 404 by scope, 403, 422 body, 409, 422 guard.
    """

    def operation(transition: Transition) -> Callable[[HttpRequest, str], dict[str, Any]]:
        def act(request: HttpRequest, key: str) -> dict[str, Any]:
            actor, record = actor_of(request), find_key(resource, request, key)
            if not life.allows(actor, transition, record):
                raise Forbidden
            body = read_body(request, body_of(transition))
            return show(resource, perform(transition, actor, getattr(record, life.key), body), shown_by(resource, actor))

        return act

    def unknown_action(request: HttpRequest, key: str, action: str) -> dict[str, Any]:
        find_key(resource, request, key)
        raise NotFound(_("There is no such action."), code="unknown_action")

    answers = {200: dict[str, Any]}
    for transition in life.transitions.values():
        router.add_api_operation(
            f"/{{key}}/actions/{transition}", ["POST"], operation(transition), response=answers,
            operation_id=f"{resource.name}_{transition}", summary=transition.action.replace("_", " ").capitalize(),
            openapi_extra=documented(body_of(transition), answers={200: shape}),
        )  # fmt: skip
    router.add_api_operation(
        "/{key}/actions/{action}", ["POST"], unknown_action, response=answers,
        operation_id=f"{resource.name}_unknown_action", include_in_schema=False,
    )  # fmt: skip


def build_router(resource: Resource[Any], *, extra: dict[str, Any] | None = None) -> Router:
    """GET and POST of the collection, GET and PATCH of one, POST of each of its actions."""
    router = Router(tags=[resource.name])
    create = input_schema(resource, "Create", extra or {})
    change = input_schema(resource, "Change", extra or {})
    shape, filters = output_schema(resource), [query_parameter(name, filter_type(resource, name)) for name in resource.filters]
    if resource.contains:
        filters.append(query_parameter("q", str))

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
        data = form_data(resource, actor, given)
        record = save_record(actor=actor, resource=resource, pk=None, data=data, touched=set(data), extra=own)
        return Status(201, show(resource, record, shown_by(resource, actor)))

    def read_record(request: HttpRequest, key: str) -> dict[str, Any]:
        record = find_key(resource, request, key)
        return show(resource, record, shown_by(resource, actor_of(request)))

    def change_record(request: HttpRequest, key: str) -> dict[str, Any]:
        actor = actor_of(request)
        record = find_key(resource, request, key)
        resource.policy.require(actor, resource.change, record)
        given = read_body(request, change).dict(exclude_unset=True)
        version = given.pop("version", None)
        own = {name: given.pop(name) for name in list(given) if name not in {*resource.fields, "custom"}}
        data = form_data(resource, actor, given)
        saved = save_record(
            actor=actor, resource=resource, pk=record.pk, data=data, touched=set(data), version=version, extra=own
        )
        return show(resource, saved, shown_by(resource, actor))

    def add(path: str, method: str, view: Any, verb: str, body: type[StrictSchema] | None = None) -> None:
        status, name = 201 if verb == "create" else 200, f"{resource.name}_{verb}"
        extra = documented(
            body, answers={status: listed(shape) if verb == "list" else shape}, parameters=filters if verb == "list" else (),
        )  # fmt: skip
        router.add_api_operation(path, [method], view, response={status: dict[str, Any]}, operation_id=name, openapi_extra=extra)

    add("", "GET", list_records, "list")
    add("", "POST", create_record, "create", create)
    add("/{key}", "GET", read_record, "read")
    add("/{key}", "PATCH", change_record, "change", change)
    if resource.life:
        add_actions(router, resource, resource.life, shape)
    return router
