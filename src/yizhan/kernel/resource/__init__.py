"""An ordinary record's list, filters, search, detail, form, history and REST, from one declaration."""

from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.registry import all_resources, register, resource_named

__all__ = ["Resource", "all_resources", "register", "resource_named"]
