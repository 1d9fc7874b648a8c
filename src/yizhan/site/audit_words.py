"""The words for what stands in the audit: acts with an account, with a ticket, with a record of any resource."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.audit_words import say
from yizhan.kernel.lifecycle import Life
from yizhan.kernel.lifecycle.declaration import LIVES
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.resource import all_resources
from yizhan.tickets.states import TicketLife
from yizhan.tickets.tables import COLUMNS

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
ACTS = {
    "accept_as": _("Accept the invitation"),
    "answer_as": _("Answer by sign link"),
    "keep_sign_in": _("Connect the mailbox"),
    "accept_handover": _("Take the handover"),
    "accept_invitation": _("Accept the invitation"),
    "add_mail_grant": _("Set up the mail authorization"),
    "add_mailbox": _("Add a mailbox"),
    "add_phone_line": _("Add a telephone line"),
    "answer_handover": _("Answer the handover"),
    "arrive_at_ticket": _("Arrived"),
    "ask_again": _("Ask again"),
    "attach_file": _("Add a file"),
    "auto_confirm": _("Confirmed after the time was over"),
    "check_mapping": _("Choose the columns of the import"),
    "choose_columns": _("Choose columns"),
    "connect_mailbox": _("Connect the mailbox"),
    "decline_handover": _("Decline the handover"),
    "delete_view": _("Delete a view"),
    "depart_for_ticket": _("Set off"),
    "discard_message": _("Discard the message"),
    "edit_ticket": _("Correct the ticket"),
    "export_list": _("Excel file of a list"),
    "find_or_add_contact": _("Find or add a contact"),
    "finish_work": _("Finish the work"),
    "follow_up": _("New ticket that follows"),
    "go_on": _("Go on with the work"),
    "import_rows": _("Import"),
    "invite_colleague": _("Invite a colleague"),
    "keep_preference": _("Change notice settings"),
    "link_call": _("Link the call with a ticket"),
    "link_tickets": _("Link tickets"),
    "mark_seen": _("Mark as read"),
    "offer_handover": _("Hand over"),
    "open_news": _("Open a piece of news"),
    "offer_sign_link": _("Show the sign link"),
    "place_letter": _("Place the message"),
    "place_message": _("Place the message"),
    "post_message": _("Write a message"),
    "put_together": _("Put together"),
    "quick_log": _("Done at once"),
    "register_at_desk": _("Register"),
    "register_call": _("Register the call"),
    "register_request": _("Report"),
    "register_ticket": _("Register"),
    "register_tickets": _("Register"),
    "remember_address": _("Remember the address"),
    "remind_of_signature": _("Remind of the signature"),
    "renew_invitation": _("New invitation"),
    "replay_letter": _("Read the message again"),
    "replay_message": _("Read the message again"),
    "report_same_fault": _("Same fault +1"),
    "report_with_photos": _("Report"),
    "return_call": _("Call back"),
    "save_record": _("Save a record"),
    "save_view": _("Save a view"),
    "seal_evidence": _("Older evidence sealed"),
    "set_mailbox_active": _("Switch the mailbox on or off"),
    "settle_ticket": _("Return visit and archive"),
    "sign_sheet": _("Sign the sheet"),
    "start_work": _("Take up the work"),
    "undo_step": _("Undo"),
    "unwatch_ticket": _("Stop watching"),
    "watch_ticket": _("Watch"),
    "withdraw_handover": _("Take the handover back"),
    "withdraw_invitation": _("Withdraw the invitation"),
    "write_with_files": _("Write a message"),
}
WHO = {
    "system:console": _("Command line"),
    "system:nightly": _("The system, at night"),
    "system:mail": _("By mail"),
    "system:link": _("By sign link"),
    "system:phone": _("By telephone"),
    "system:invitation": _("By invitation"),
    "system:first-run": _("First set-up"),
    "system:upgrade": _("Upgrade"),
    "system:demo": _("Demonstration"),
    "system:bench": _("Measurement"),
    "nobody": _("Not signed in"),
}
THINGS = {
    "kernel.attachment": _("File"),
    "kernel.savedview": _("View"),
    "kernel.noticepreference": _("Notice settings"),
    "kernel.work": _("Long work"),
    "channels.call": _("Call"),
    "channels.inboundmessage": _("Incoming message"),
    "channels.mailbox": _("Mailbox"),
    "channels.mailgrant": _("Mail authorization"),
    "channels.phoneline": _("Telephone line"),
    "people.apitoken": _("API token"),
    "people.invitation": _("Invitation"),
    "tickets.handover": _("Handover"),
    "tickets.cohandler": _("Co-handler"),
    "tickets.message": _("Message"),
    "tickets.ticketlink": _("Link between tickets"),
    "tickets.affecteduser": _("Affected person"),
    "tickets.servicesheet": _("Service sheet"),
    "tickets.signoff": _("Signature"),
    "tickets.signlink": _("Sign link"),
    "tickets.rating": _("Rating"),
    "tickets.returnvisit": _("Return visit"),
    "tickets.watcher": _("Watcher"),
    "tickets.visit": _("Visit"),
    "tickets.remotesession": _("Remote session"),
    "list.tickets": _("List of tickets"),
    "people.stranger": _("Sign-in by nobody known"),
}


def say_life(life: type[Life[Any]]) -> None:
    """What an act is called in the audit, where its command says nothing else, is its button's label."""
    name = life.policy.model._meta.model_name
    say({f"{action}_{name}": transition.label for action, transition in life.transitions.items()})


for words in (ACCOUNT, ACTS, WHO, THINGS):
    say(words)
say({str(action): transition.label for action, transition in TicketLife.transitions.items()})
for life in LIVES:
    say_life(life)
for resource in all_resources():
    name = resource.model._meta.model_name
    what = resource.model._meta.verbose_name
    say(
        {
            resource.model._meta.label_lower: what,
            f"list.{resource.name}": resource.label,
            f"create_{name}": format_lazy(_("New: {what}"), what=what),
            f"change_{name}": format_lazy(_("Changed: {what}"), what=what),
        }
    )
say({"tickets.ticket": _("ticket")})
HEADINGS = {resource.model._meta.label_lower: resource for resource in all_resources()}
TICKET = {column.name: column.label for column in COLUMNS}


def changed_words(row: AuditEntry) -> str:
    """What a row changed, in the words of the record's form or list; what people do not see there is not named."""
    names = [name.removesuffix("_id") for name in row.after]
    if row.object_type == "tickets.ticket":
        return "、".join(str(TICKET[name]) for name in names if name in TICKET)
    resource = HEADINGS.get(row.object_type)
    return "、".join(resource.heading(name) for name in names if name in resource.fields) if resource else ""
