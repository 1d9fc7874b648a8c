"""At the start of every process, after all apps have registered: nothing is shown that nobody decides about."""

from yizhan.kernel.resource.registry import check_relations

check_relations()
