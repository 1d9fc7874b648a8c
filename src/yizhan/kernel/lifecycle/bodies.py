"""What a transition's command is told, as a checked body: the same for REST and for pages."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from django.utils.translation import gettext as _
from pydantic import ConfigDict, StrictInt, ValidationError, create_model

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid
from yizhan.kernel.lifecycle.declaration import Transition
from yizhan.kernel.rest import StrictSchema, in_words

FRAME = {"actor", "number", "version"}


class ActionBody(StrictSchema):
    """What every transition may be told: the version that its caller saw."""

    version: StrictInt | None = None

    def given(self) -> dict[str, Any]:
        """The command's keywords. What is null was not said."""
        return {name: value for name, value in self.dict().items() if value is not None}


@cache
def body_of(transition: Transition) -> type[ActionBody]:
    """The schema of an action's body: the one that it names, or its command's parameters."""
    if transition.body:
        found: type[ActionBody] = transition.above("schemas", transition.body)
        return found
    fields = {
        name: (annotation, ...) if default is inspect.Parameter.empty else (annotation | None, default)
        for name, annotation, default in parameters(transition.called())
    }
    title = "".join(word.capitalize() for word in transition.action.split("_"))
    base = type(title, (ActionBody,), {"model_config": shown_as(transition), "__module__": __name__, "__annotations__": {}})
    made: type[ActionBody] = create_model(title, __base__=base, **fields)  # type: ignore[call-overload]
    return made


def shown_as(transition: Transition) -> ConfigDict:
    """Strict: "yes" is no truth value and "3" no number, wherever in the body it stands."""
    return ConfigDict(json_schema_extra={"example": dict(transition.example)}, extra="forbid", strict=True)


def parameters(command: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """(name, annotation, default) of what is the command's own to be told."""
    hints = get_type_hints(command, include_extras=True)
    listed = inspect.signature(command).parameters.items()
    return [(name, hints[name], parameter.default) for name, parameter in listed if name not in FRAME]


def checked_body(transition: Transition, given: dict[str, Any]) -> ActionBody:
    """A page's entries as the body that REST takes.

    Raises:
        Invalid: with a message per field.
    """
    try:
        return body_of(transition).model_validate(given)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for problem in error.errors(include_url=False):
            texts = fields.setdefault(entry_of(problem["loc"], given), [])
            texts += [text for text in [in_words(problem)] if text not in texts]
        raise Invalid(_("Some fields are not right."), fields=fields) from error


def entry_of(place: tuple[str | int, ...], given: dict[str, Any]) -> str:
    """The entry of a page that a place in the body belongs to: of a body within the body, that one's."""
    whole, *inner = [str(part) for part in place] or [""]
    return inner[0] if inner and isinstance(given.get(whole), dict) else whole


def perform(transition: Transition, actor: Actor, number: str, body: ActionBody) -> Any:
    """Call the action's command with what the body says."""
    return transition.called()(actor=actor, number=number, **body.given())
