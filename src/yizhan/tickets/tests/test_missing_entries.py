"""Pages say themselves what is missing, with links to the entries, and keep what was typed."""

import re
from typing import Any

from yizhan.tickets.models import Ticket
from yizhan.tickets.services.signing import offer_sign_link
from yizhan.tickets.tests.world import STROKE


def summary(shown: Any) -> dict[str, str]:
    """Anchor → what stands in the list of what is missing; each anchor must be on the page."""
    content = shown.content.decode()
    part = content.partition('id="problems"')[2].partition("</ul>")[0]
    assert "还差：" in part
    found = {anchor: re.sub("<[^>]+>", "", text) for anchor, text in re.findall(r'<li><a href="#([^"]+)">(.*?)</li>', part)}
    for anchor in found:
        assert f'id="{anchor}"' in content, anchor
    return found


def test_an_unfinished_sheet_lists_what_is_missing(world: Any, page: Any) -> None:
    number = world.judged().number
    client = page("engineer1")
    assert "novalidate" in client.get(f"/tickets/{number}/sheet/").content.decode()
    shown = client.post(f"/tickets/{number}/sheet/", {"diagnosis": "队列卡住", "labour_minutes": "15", "parts": "硒鼓"})
    assert shown.status_code == 422
    missing = {"id_mode_0", "id_cause_category_0", "id_actions_taken", "id_outcome_0", "id_category"}
    assert set(summary(shown)) == missing
    assert summary(shown)["id_category"] == "分类"  # missing: nothing more to say
    assert "处理单还没填全" not in shown.content.decode()
    assert "队列卡住" in shown.content.decode()
    assert "硒鼓" in shown.content.decode()
    wrong = client.post(f"/tickets/{number}/sheet/", {**world_sheet(), "labour_minutes": "99999"})
    assert set(summary(wrong)) == {"id_labour_minutes"}
    assert "44640" in summary(wrong)["id_labour_minutes"]


def world_sheet() -> dict[str, str]:
    return {
        "mode": "remote", "diagnosis": "x", "cause_category": "software", "actions_taken": "x", "outcome": "solved",
        "labour_minutes": "15", "category": "print",
    }  # fmt: skip


def test_the_signing_page_lists_what_is_missing(world: Any, page: Any) -> None:
    number = world.completed().number
    client = page("engineer1")
    shown = client.post(f"/tickets/{number}/sign/", {"signer_name": "", "strokes": ""})
    assert shown.status_code == 422
    assert set(summary(shown)) == {"signer", "pad"}
    shown = client.post(f"/tickets/{number}/sign/", {"signer_name": "张小倩", "strokes": ""})
    assert set(summary(shown)) == {"pad"}
    assert 'value="张小倩"' in shown.content.decode()
    shown = client.post(f"/tickets/{number}/sign/", {"signer_name": "", "strokes": str(STROKE)})
    assert set(summary(shown)) == {"signer"}
    assert f'name="strokes" value="{STROKE}"' in shown.content.decode()
    assert Ticket.objects.get(number=number).sub_state == "wait_signoff"


def test_the_link_page_lists_what_is_missing_and_keeps_the_rest(world: Any, client: Any) -> None:
    number = world.completed().number
    token = offer_sign_link(actor=world.actor("engineer1"), number=number)
    given = {"score": "4", "comment": "来得快", "signer_name": "张倩"}
    shown = client.post(f"/s/{token}/", given)
    assert set(summary(shown)) == {"fixed-yes"}
    assert re.search(r'name="score" value="4" checked', shown.content.decode())
    assert "来得快" in shown.content.decode()
    assert set(summary(client.post(f"/s/{token}/", {"fixed": "no"}))) == {"reason"}
    assert set(summary(client.post(f"/s/{token}/", {"fixed": "yes", "signer_name": ""}))) == {"signer"}
    assert Ticket.objects.get(number=number).state == "completed"


def test_an_empty_return_visit_is_told(world: Any, page: Any) -> None:
    number = world.signed().number
    client = page("desk")
    assert "novalidate" in client.get(f"/closing/{number}/").content.decode()
    assert set(summary(client.post(f"/closing/{number}/visit/", {}))) == {"id_result_0"}
    shown = client.post(f"/closing/{number}/visit/", {"result": "reached", "comment": "没接上话", "decision": "linked"})
    assert set(summary(shown)) == {"id_solved_0"}
    assert "没接上话" in shown.content.decode()
    shown = client.post(f"/closing/{number}/visit/", {"result": "reached", "solved": "true", "decision": "linked"})
    assert set(summary(shown)) == {"id_article"}
    assert Ticket.objects.get(number=number).state == "completed"


def test_an_action_in_place_lists_what_is_missing(world: Any, page: Any) -> None:
    number = world.judged().number
    shown = page("engineer1").post(f"/tickets/{number}/do/transfer/", {"to": "", "reason": ""})
    assert shown.status_code == 422
    assert set(summary(shown)) == {"id_to", "id_reason"}


def test_a_second_try_starts_at_the_list_again(world: Any, page: Any, client: Any) -> None:
    """A form without an address of its own goes to the page's, with the entry that a link in the list went to."""
    judged, signed = world.judged().number, world.completed().number
    engineer = page("engineer1")
    token = offer_sign_link(actor=world.actor("engineer1"), number=signed)
    for asking, path in (
        (engineer, f"/tickets/{judged}/sheet/"),
        (engineer, f"/tickets/{signed}/sign/"),
        (client, f"/s/{token}/"),
    ):
        content = asking.post(path, {}).content.decode()
        assert re.findall(r'<form [^>]*method="post"[^>]*novalidate', content)[0].count(f'action="{path}"') == 1
