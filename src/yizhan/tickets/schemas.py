"""The bodies of the ticket operations and what they answer, with an example each."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from yizhan.kernel.lifecycle.asking import When
from yizhan.kernel.lifecycle.bodies import ActionBody
from yizhan.kernel.rest import StrictSchema
from yizhan.tickets.queries import category_of
from yizhan.tickets.services.sheets import SheetInput
from yizhan.tickets.services.signing import Signature

Text = Annotated[str, StringConstraints(max_length=20_000)]
Short = Annotated[str, StringConstraints(max_length=200)]


def example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": values}, extra="forbid")


class Requester(StrictSchema):
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    phone: Annotated[str, StringConstraints(max_length=30)] | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None


class PartLine(StrictSchema):
    item: Short
    quantity: Annotated[StrictFloat, Field(gt=0, le=100_000)] = 1
    old_serial: Short = ""
    new_serial: Short = ""
    charge: Annotated[str, StringConstraints(max_length=20)] = ""
    source: Short = ""


SHEET_EXAMPLE: dict[str, Any] = {
    "mode": "remote", "diagnosis": "打印队列卡住", "cause_category": "software", "actions_taken": "重启打印服务，试打正常",
    "outcome": "solved", "labour_minutes": 15, "parts": [], "category": "print",
}  # fmt: skip


class Sheet(StrictSchema):
    model_config = example(**SHEET_EXAMPLE)
    mode: Literal["remote", "on_site", "return_to_base"]
    diagnosis: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    cause_category: Literal["hardware", "software", "network", "configuration", "operation", "environment", "external", "unknown"]
    actions_taken: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    outcome: Literal["solved", "workaround", "next_visit"]
    labour_minutes: Annotated[StrictInt, Field(ge=0, le=44_640)]
    parts: Annotated[list[PartLine | Short], Field(max_length=50)]
    category: str | None = None

    def told(self) -> SheetInput:
        """As the command takes it.

        Raises:
            Invalid: there is no such category.
        """
        given = self.dict()
        parts = [{"item": part} if isinstance(part, str) else part for part in given.pop("parts")]
        category = category_of(given.pop("category"))
        return SheetInput(**given, parts=parts, category=category)


class Complete(StrictSchema):
    level: Annotated[StrictInt, Field(ge=1, le=4)]
    sheet: Sheet


class NewTicketIn(StrictSchema):
    model_config = example(customer="demo-a", requester={"name": "张倩", "phone": "13800005678"}, subject="打印机显示脱机")
    customer: str | None = None
    requester_id: StrictInt | None = None
    requester: Requester | None = None
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    description: Text = ""
    kind: Literal["incident", "request"] = "incident"
    reported_level: Annotated[StrictInt, Field(ge=1, le=4)] | None = None
    category: str | None = None
    site: StrictInt | None = None
    department: StrictInt | None = None
    place: Annotated[str, StringConstraints(max_length=80)] = ""
    channel: str = "api"
    source_id: Short = ""
    received_at: When | None = None
    attachments: list[StrictInt] = []
    custom: dict[str, Any] = {}
    complete: Complete | None = None


class TicketChangeIn(StrictSchema):
    model_config = example(subject="打印机显示脱机，重启没用", version=3)
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(default_factory=str)
    description: Text | None = None
    category: str | None = None
    site: StrictInt | None = None
    department: StrictInt | None = None
    place: Annotated[str, StringConstraints(max_length=80)] | None = None
    custom: dict[str, Any] | None = None
    version: StrictInt | None = None


class MessageIn(StrictSchema):
    model_config = example(body="已到现场", internal=False, attachments=[])
    body: Text
    internal: StrictBool = False
    attachments: list[StrictInt] = []
    version: StrictInt | None = None


class SubmitSheet(ActionBody):
    model_config = example(sheet=SHEET_EXAMPLE)
    sheet: Sheet

    def given(self) -> dict[str, Any]:
        return super().given() | {"sheet": self.sheet.told()}


class OnBehalf(StrictSchema):
    name: Short
    relation: Short
    reason: Short


class Sign(ActionBody):
    model_config = example(signer_name="张倩", method="account", strokes=[])
    signer_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    method: Literal["account", "drawn", "link"] = "account"
    strokes: list[list[list[StrictFloat]]] | None = None
    on_behalf: OnBehalf | None = None

    def given(self) -> dict[str, Any]:
        on_behalf = self.on_behalf.dict() if self.on_behalf else None
        signature = Signature(self.signer_name, self.method, self.strokes or [], on_behalf)
        return {"signature": signature, "version": self.version}


class RecordReturnVisit(ActionBody):
    """`solved` follows `satisfied` when it is left out; one of them is needed when somebody was reached."""

    model_config = example(result="reached", solved=True, satisfied=True, comment="用户满意")
    result: Literal["reached", "unreachable", "refused", "exempt"]
    satisfied: StrictBool | None = None
    solved: StrictBool | None = None
    comment: Annotated[str, StringConstraints(max_length=2000)] | None = None
