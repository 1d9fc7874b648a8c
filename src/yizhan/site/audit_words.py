"""The words for what stands in the audit: acts with an account, with a ticket, with a record of any resource."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.audit_words import say
from yizhan.kernel.resource import all_resources
from yizhan.tickets.states import TABLE

ACCOUNT = {
    "sign_in": _("Sign in"),
    "sign_out": _("Sign out"),
    "fail_sign_in": _("Failed sign-in"),
    "fail_second_factor": _("Failed second step"),
    "change_password": _("Change password"),
    "set_password": _("Set the password"),
    "reset_password": _("Reset the password"),
    "add_second_factor": _("Second step added"),
    "remove_second_factor": _("Second step removed"),
    "renew_recovery_codes": _("Recovery codes renewed"),
    "use_recovery_code": _("Recovery code used"),
    "end_sessions": _("Other devices signed out"),
    "create_token": _("API token made"),
}
say(ACCOUNT)
say({f"{action}_ticket": transition.label for action, transition in TABLE.transitions.items()})
for resource in all_resources():
    name = resource.model._meta.model_name
    what = resource.model._meta.verbose_name
    say(
        {
            f"create_{name}": format_lazy(_("New: {what}"), what=what),
            f"change_{name}": format_lazy(_("Changed: {what}"), what=what),
        }
    )
