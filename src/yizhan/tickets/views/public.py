"""Pages without a sign-in: the one-time sign link, and the check of a printed sheet."""

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel.errors import NEEDED, DomainError, Forbidden, Invalid, NotFound
from yizhan.kernel.forms import Problem, problems_at
from yizhan.kernel.web import actor_of
from yizhan.tickets.evidence import genuine
from yizhan.tickets.models import ServiceSheet, SignLink
from yizhan.tickets.policies import TicketPermission, tickets
from yizhan.tickets.services.link_signing import TAGS, LinkAnswer, answer_link, answered_link, check_browser
from yizhan.tickets.services.signing import open_link
from yizhan.tickets.views.ticket import drawn_signature

PLACES = {
    "fixed": ("fixed-yes", gettext_lazy("Does it work now?")), "reason": ("reason", gettext_lazy("What is still wrong")),
    "signer_name": ("signer", gettext_lazy("Your name")), "strokes": ("pad", gettext_lazy("Signature")),
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def sign_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and changes nothing (mail scanners prefetch), POST signs or refuses, and rates.

    Afterwards GET tells what came of it, until the link would have ended.
    """
    try:
        link = open_link(token)
    except NotFound as error:
        return ended_link(request, token, error)
    message, status, holder = "", 200, actor_of(request)
    problems: list[Problem] = []
    try:
        if request.method != "POST":
            check_browser(holder, link.ticket)
    except Forbidden as error:
        return not_the_customers(request, link, error)
    if request.method == "POST":
        try:
            answer_link(
                token=token, answer=read_answer(request), address=holder.address, request_id=holder.request_id, account=holder
            )
            return redirect("sign-link", token=token)
        except Forbidden as error:
            return not_the_customers(request, link, error)
        except NotFound as error:  # another press, or another device, was quicker
            return ended_link(request, token, error)
        except DomainError as error:
            problems, status = problems_at(error, PLACES), error.status
            message = "" if problems else str(error)
    context = {
        "link": link, "ticket": link.ticket, "sheet": link.sheet, "error": message, "problems": problems, "tags": TAGS,
        "typed": request.POST, "chosen_tags": request.POST.getlist("tags"),
    }  # fmt: skip
    return render(request, "tickets/link.html", context, status=status)


def not_the_customers(request: HttpRequest, link: SignLink, error: Forbidden) -> HttpResponse:
    """For one of ours who opened the customer's link while he is signed in: why not, and what he can do instead."""
    actor = actor_of(request)
    collects = tickets.allows(actor, TicketPermission.COLLECT_SIGNATURE, link.ticket)
    context = {"ticket": link.ticket, "message": str(error), "collects": collects, "sees": tickets.sees(actor, link.ticket)}
    return render(request, "tickets/link_not_yours.html", context, status=error.status)


def ended_link(request: HttpRequest, token: str, error: NotFound) -> HttpResponse:
    """What came of it, for who pressed twice too. Who answers otherwise than was answered is told so: it was not kept."""
    done, given = answered_link(token), request.POST
    if done is None:
        return render(request, "tickets/link_gone.html", {"message": str(error)}, status=404)
    context = {"done": done, "ticket": done.ticket, "hotline": settings.YIZHAN.hotline}
    if request.method != "POST":
        return render(request, "tickets/link_done.html", context)
    answers = (given.get("signer_name", ""), given.get("score", ""), given.get("reason", ""))
    if done.says(given.get("fixed") == "yes", *answers):
        return redirect("sign-link", token=token)
    return render(request, "tickets/link_done.html", context | {"otherwise": True}, status=409)


def read_answer(request: HttpRequest) -> LinkAnswer:
    given = request.POST
    if given.get("fixed") not in {"yes", "no"}:
        raise Invalid(_("Say whether it works now."), fields={"fixed": [NEEDED]})
    score = given.get("score", "")
    return LinkAnswer(
        fixed=given["fixed"] == "yes", reason=given.get("reason", ""), signature=drawn_signature(request, "link"),
        score=int(score) if score in {"1", "2", "3", "4", "5"} else None, tags=given.getlist("tags"),
        comment=given.get("comment", ""),
    )  # fmt: skip


@require_safe
def verify_sheet(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the printed sheet sees whether it is genuine and unchanged, and who signed it when."""
    sheet = ServiceSheet.objects.select_related("ticket").filter(verify_token=token).first()
    if sheet is None:
        raise NotFound
    intact = hashlib.sha256(sheet.content.encode()).hexdigest() == sheet.sha256
    sign_offs = list(sheet.sign_offs.select_related("collected_by").order_by("pk"))
    whole = all(s.sheet_sha256 == sheet.sha256 for s in sign_offs) and genuine(sign_offs)
    context = {
        "sheet": sheet,
        "intact": intact and whole,
        "sign_offs": sign_offs,
    }
    return render(request, "tickets/verify.html", context)
