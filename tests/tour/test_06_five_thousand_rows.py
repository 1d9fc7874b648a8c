"""Chapter 6. A large customer's staff comes in by one sheet and goes out again as Excel; both are laid side by side."""

import io

import pytest
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

from tests.tour.story import LONG, Story, import_contacts

pytestmark = [pytest.mark.browser]
ROWS = 5_000


def test_an_export_of_five_thousand_rows(story: Story) -> None:
    boss = story.comes("boss")
    boss.visit("/data/customers/new/")
    boss.type("#id_code", "qunli")
    boss.type("#id_name", "群励制造有限公司")
    boss.press("保存")
    people = [["qunli", f"员工{n:04d}", f"138{n:08d}", "生产部", f"{n % 90}"] for n in range(ROWS)]
    import_contacts(boss, story.sheet("群励花名册.xlsx", [["公司", "名字", "手机", "科室", "工位"], *people]), ROWS)
    boss.visit("/data/contacts/?q=员工")
    boss.press("Excel")
    link = boss.page.locator("a[href^='/attachments/']")
    expect(link).to_be_visible(timeout=LONG)
    boss.look()
    answer = boss.context.request.get(boss.program.url + str(link.get_attribute("href")))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.body())).get_sheet_by_index(0)
    headings, *rows = [[str(cell) for cell in row] for row in sheet.to_python()]
    at = {name: headings.index(name) for name in ("姓名", "部门")}
    assert sorted(row[at["姓名"]] for row in rows) == [person[1] for person in people]
    assert {row[at["部门"]] for row in rows} == {"生产部"}
