from yizhan.kernel.actor import Permission, bundle
from yizhan.kernel.policy import CustomerPolicy, decides
from yizhan.people.models import Role
from yizhan.site.tests.contracts.models import Contract


class ContractPermission(Permission):
    VIEW = "contracts.view"
    CHANGE = "contracts.change"


bundle(Role.CUSTOMER_CONTACT, {ContractPermission.VIEW})
bundle(Role.SERVICE_MANAGER, set(ContractPermission))
contracts = CustomerPolicy(Contract, view=ContractPermission.VIEW, change=ContractPermission.CHANGE)
decides(contracts)
