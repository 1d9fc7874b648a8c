"""Health, language, attachments, the first administrator."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import attachments, search
from yizhan.kernel.actor import system_actor
from yizhan.kernel.audit_words import all_words, words_of
from yizhan.kernel.errors import DomainError, Forbidden, NotFound
from yizhan.kernel.forms import DressedForm, put_refusal
from yizhan.kernel.models import Attachment, AuditEntry
from yizhan.kernel.paging import paginate
from yizhan.kernel.policy import all_policies
from yizhan.kernel.search.tokens import pinyin_terms
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people.models import Role, User
from yizhan.people.policies import PeoplePermission
from yizhan.people.services.accounts import create_user
from yizhan.site import first_run, health
from yizhan.site.audit_filters import narrowed
from yizhan.site.audit_names import named_things
from yizhan.site.audit_words import changed_words
from yizhan.site.navigation import menu

INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 only when database, migrations, data, worker and stream are ready and no queue is stuck; `degraded` names silent servers."""
    missing = health.problems()
    degraded = health.degraded() if "database" not in missing and "migrations" not in missing else []
    return JsonResponse({"ready": not missing, "missing": missing, "degraded": degraded}, status=503 if missing else 200)


@takes_form("home")
def set_language(request: HttpRequest) -> HttpResponse:
    language, target = request.POST.get("language", ""), request.POST.get("next", "/")
    safe = target if target.startswith("/") and not target.startswith("//") and "\\" not in target else "/"
    response = redirect(safe)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, through the gate: pictures shown, everything else downloaded, nothing ever executed."""
    row = Attachment.objects.filter(pk=pk).first()
    if row is None or not attachments.may_read(actor_of(request), row):
        raise NotFound
    response = FileResponse(
        attachments.open_content(row),
        as_attachment=row.content_type not in INLINE,
        filename=row.name,
        content_type=row.content_type,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def audit_rows(customers: frozenset[int] | None) -> QuerySet[AuditEntry]:
    """What was done; for these customers only: what was done to the records that belong to them."""
    if customers is None:
        return AuditEntry.objects.all()
    theirs = Q(pk__in=[])
    for policy in all_policies():
        if policy.customer_path:
            kind = policy.model._meta.label_lower
            theirs |= Q(object_type=kind, object_id__in=policy.belonging(customers).values("pk"))
    return AuditEntry.objects.filter(theirs)


@require_safe
def audit_page(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first: for the auditor."""
    actor = actor_of(request)
    if not actor.holds(PeoplePermission.VIEW_AUDIT):
        raise Forbidden
    rows = narrowed(audit_rows(actor.customers_with(PeoplePermission.VIEW_AUDIT)), request.GET)
    page = paginate(rows, ("-at", "-id"), limit=100, cursor=request.GET.get("cursor"))
    ids = {int(row.actor[5:]) for row in page.items if row.actor.startswith("user:")}
    names = {f"user:{pk}": name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "display_name")}
    query = request.GET.copy()
    query.pop("cursor", None)
    things = named_things(page.items)
    entries = [(row, names.get(row.actor) or words_of(row.actor), things[row.pk], changed_words(row)) for row in page.items]
    context = {"entries": entries, "next": page.next, "query": query.urlencode(), "given": request.GET,
               "acts": all_words()}  # fmt: skip
    return render(request, "site/audit.html", context)


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """What a few letters may mean: pages of the menu (by name or pinyin initials), then records."""
    actor, question = actor_of(request), request.GET.get("q", "").replace("\0", "").strip()[:60]
    items = [item for group in menu(actor, "") for item in group.items]
    small = question.lower()
    found = [item for item in items if small in item.label.lower() or any(small in term for term in pinyin_terms(item.label))]
    hits = search.find(actor, question, limit=8) if question else []
    return render(request, "site/palette.html", {"pages": found[:8], "hits": hits, "q": question})


class FirstRunForm(DressedForm):
    code = forms.CharField(label=gettext_lazy("One-time code"), max_length=20)
    username = forms.CharField(label=gettext_lazy("User name"), max_length=60)
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=80)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    password = forms.CharField(label=gettext_lazy("Password"), widget=forms.PasswordInput, max_length=128)


@require_http_methods(["GET", "HEAD", "POST"])
def first_run_page(request: HttpRequest) -> HttpResponse:
    """Only until somebody administers the installation, and only with the console's code."""
    if not first_run.needed():
        raise NotFound
    form, status = FirstRunForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if not first_run.code_fits(settings.YIZHAN.data_dir, data["code"]):
                raise NotFound(_("The code does not fit; look at the console."), code="wrong_code")
            roles = [Role.ADMINISTRATOR, Role.SERVICE_MANAGER]
            create_user(
                actor=system_actor("first-run"), username=data["username"], name=data["name"], email=data["email"],
                password=data["password"], roles=roles,
            )  # fmt: skip
        except DomainError as error:
            put_refusal(form, error)
            status = 422
        else:
            (settings.YIZHAN.data_dir / "first-run.code").unlink(missing_ok=True)
            messages.success(request, _("The administrator is made. Sign in."))
            return redirect("account_login")
    elif request.method == "POST":
        status = 422
    return render(request, "site/first_run.html", {"form": form}, status=status)
