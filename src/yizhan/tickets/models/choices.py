"""The fixed words of a ticket's life (the field's own; stored as they stand here)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    INCIDENT = "incident", _("incident")
    REQUEST = "request", _("request")


class State(models.TextChoices):
    """Exactly four, for good."""

    PENDING = "pending", _("pending")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    ARCHIVED = "archived", _("archived")


class SubState(models.TextChoices):
    UNASSIGNED = "unassigned", _("unassigned")
    OFFERED = "offered", _("offered")
    ACCEPTED = "accepted", _("accepted")
    REMOTE = "remote", _("remote")
    SCHEDULED = "scheduled", _("scheduled")
    EN_ROUTE = "en_route", _("on the way")
    ON_SITE = "on_site", _("on site")
    TIER2 = "tier2", _("second line")
    REPAIR_OUT = "repair_out", _("out for repair")
    REOPENED = "reopened", _("reopened")
    WAIT_USER = "wait_user", _("waiting for the user")
    WAIT_VENDOR = "wait_vendor", _("waiting for the vendor")
    WAIT_PARTS = "wait_parts", _("waiting for parts")
    WAIT_APPROVAL = "wait_approval", _("waiting for approval")
    WAIT_SIGNOFF = "wait_signoff", _("waiting for signature")
    SIGNED = "signed", _("signed")
    RATED = "rated", _("rated")
    NONE = "", _("none")


class Paused(models.TextChoices):
    """Why work rests. `repair_out` is a place rather than a pause, but is entered the same way."""

    WAIT_USER = "wait_user", _("waiting for the user")
    WAIT_VENDOR = "wait_vendor", _("waiting for the vendor")
    WAIT_PARTS = "wait_parts", _("waiting for parts")
    WAIT_APPROVAL = "wait_approval", _("waiting for approval")
    REPAIR_OUT = "repair_out", _("out for repair")


class Level(models.IntegerChoices):
    ONE = 1, _("level 1")
    TWO = 2, _("level 2")
    THREE = 3, _("level 3")
    FOUR = 4, _("level 4")


class LevelSource(models.IntegerChoices):
    """Where a ticket's first level comes from: who reported it said so, the ticket that it follows, or what is usual."""

    REPORTED = 1, _("reported")
    CARRIED = 2, _("as before")
    USUAL = 3, _("by default")


class Channel(models.TextChoices):
    PHONE = "phone", _("phone")
    WALK_IN = "walk_in", _("in person")
    WECHAT_GROUP = "wechat_group", _("WeChat group")
    QQ_GROUP = "qq_group", _("QQ group")
    MAIL = "mail", _("mail")
    WEB = "web", _("web")
    SCAN = "scan", _("label scan")
    INSPECTION = "inspection", _("inspection")
    MONITOR = "monitor", _("monitoring")
    OA = "oa", _("OA")
    API = "api", _("API")
    WECOM = "wecom", _("WeCom")
    WEIXIN = "weixin", _("WeChat")
    QQ = "qq", _("QQ")
    DINGTALK = "dingtalk", _("DingTalk")
    FEISHU = "feishu", _("Feishu")


class ClosureCode(models.TextChoices):
    """How a record got to the archive; everything but `normal` leaves every KPI denominator."""

    NORMAL = "normal", _("served")
    FOLLOWED_UP = "followed_up", _("not solved, followed by a new ticket")
    CANCELLED = "cancelled", _("cancelled")
    DUPLICATE = "duplicate", _("duplicate")
    MISREPORT = "misreport", _("misreport")
    OUT_OF_SCOPE = "out_of_scope", _("out of scope")


VOID_CODES = tuple(code for code in ClosureCode if code not in {ClosureCode.NORMAL, ClosureCode.FOLLOWED_UP})


class Mode(models.TextChoices):
    REMOTE = "remote", _("remote")
    ON_SITE = "on_site", _("on site")
    RETURN_TO_BASE = "return_to_base", _("taken to the workshop")


class CauseCategory(models.TextChoices):
    HARDWARE = "hardware", _("hardware")
    SOFTWARE = "software", _("software")
    NETWORK = "network", _("network")
    CONFIGURATION = "configuration", _("configuration")
    OPERATION = "operation", _("operation")
    ENVIRONMENT = "environment", _("environment")
    EXTERNAL = "external", _("external")
    UNKNOWN = "unknown", _("unknown")


class Outcome(models.TextChoices):
    SOLVED = "solved", _("solved")
    WORKAROUND = "workaround", _("workaround")
    NEXT_VISIT = "next_visit", _("another visit needed")


class Proof(models.TextChoices):
    SCAN = "scan", _("label scanned")
    LOCATION = "location", _("location")
    USER_WORD = "user_word", _("the user's word")
    NONE = "none", _("unverified")


class SignMethod(models.TextChoices):
    ACCOUNT = "account", _("own account")
    DRAWN = "drawn", _("drawn on the spot")
    LINK = "link", _("one-time link")
    WAIVED = "waived", _("waived")
    AUTO_CONFIRMED = "auto_confirmed", _("confirmed by silence")


class VisitResult(models.TextChoices):
    REACHED = "reached", _("reached")
    UNREACHABLE = "unreachable", _("not reached")
    REFUSED = "refused", _("declined")
    EXEMPT = "exempt", _("exempt")


class KnowledgeDecision(models.TextChoices):
    LINKED = "linked", _("existing article")
    ROUTINE = "routine", _("routine work")
    ONE_OFF = "one_off", _("one-off")
    DRAFT = "draft", _("new draft")


class LinkKind(models.TextChoices):
    RELATED = "related", _("related to")
    DUPLICATE_OF = "duplicate_of", _("duplicate of")
    FOLLOW_UP_OF = "follow_up_of", _("follow-up of")
    CAUSED_BY = "caused_by", _("caused by")
