from django.utils.translation import gettext_lazy as _

from yizhan.kernel.resource import Resource, register
from yizhan.site.tests.contracts.models import Contract
from yizhan.site.tests.contracts.policies import ContractPermission as P
from yizhan.site.tests.contracts.policies import contracts
from yizhan.site.tests.contracts.states import ContractLife


@register
class ContractResource(Resource[Contract]):
    model, name, label, icon = Contract, "contracts", _("Contracts"), "file-text"
    policy, view, change, life = contracts, P.VIEW, P.CHANGE, ContractLife
    columns = ("number", "customer", "supplier", "state", "ends")
    fields = ("customer", "number", "supplier", "begins", "ends", "amount")
    filters, contains, match = ("customer", "state"), ("number", "supplier"), ("number",)
    natural, read_only = {"customer": "code"}, ("reason",)
