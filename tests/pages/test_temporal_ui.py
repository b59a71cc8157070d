"""The Temporal UI tells an operator the story: seen in a real browser, on what `aftercare dev` runs.

Payloads are encrypted there, so that what is read here came through the codec server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FloatRect, FrameLocator, Page, expect

from contract.commands import MODELS, CommandName
from starter.development import Running
from tests.durability.test_saved_views import VIEWS
from tests.pages.scene import AGREEMENT, BREACHED, SOON, WAITING
from workflows import search_attributes as sa
from workflows.ids import agreement_workflow_id, request_workflow_id

pytestmark = [
    pytest.mark.engine,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

PATIENCE = 60_000
"""Milliseconds, for a busy machine."""
expect.set_options(timeout=PATIENCE)
COLUMNS = ["Status", "Workflow ID", sa.STATE.name, sa.PRIORITY.name, sa.NEXT_DUE.name, sa.BREACHED.name]


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, development: Running) -> AsyncIterator[Page]:
    context = await browser.new_context(
        base_url=development.ui,
        viewport={"width": 1360, "height": 940},
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE)
    columns = json.dumps({"default": [{"label": label} for label in COLUMNS]})
    await context.add_init_script(
        f"localStorage.setItem('namespace-workflow-table-columns', {json.dumps(columns)});"
        "localStorage.setItem('navOpen', 'false')"
    )
    yield await context.new_page()
    await context.close()


async def open_workflow(page: Page, workflow_id: str, tab: str) -> None:
    """A tab of a workflow's page, whose address holds the run."""
    await page.goto(f"/namespaces/default/workflows/{quote(workflow_id, safe='')}")
    await page.wait_for_url("**/timeline*")
    await page.goto(page.url.replace("/timeline", f"/{tab}"))


def rendered(page: Page, text: str) -> FrameLocator:
    """The frame whose markdown holds a text, which has no line breaks."""
    return page.frame_locator(f'iframe[src*="{quote(text)}"]')


async def test_a_requests_page_says_whose_turn_it_is_who_has_it_what_is_owed_and_what_may_be_done(
    page: Page, pictures: Path
):
    await open_workflow(page, request_workflow_id(AGREEMENT, WAITING), "user-metadata")
    told = rendered(page, "### Waiting")
    for text in (
        "Waiting · the customer is to provide materials · resolution late",
        "陈杰",
        "170.00 EUR",
        "late response 50.00 · C8.1.1, 1 day of late solution at 120.00 · C8.1.2",
        "Resolution · C8.1.2: ",
        "provide_materials",
        "Times are Europe/Berlin",
    ):
        await expect(told.get_by_text(text, exact=False).first).to_be_visible()
    summary = rendered(page, f"Request {WAITING} · problem resolution · critical")
    await expect(summary.get_by_text(f"Request {WAITING}")).to_be_visible()
    await expect(rendered(page, "Promised at submission").get_by_text("0.5 h")).to_be_visible()
    await page.screenshot(path=pictures / "request-details.png")


async def test_what_falls_due_next_is_told_in_the_contracts_zone_with_its_clause(page: Page):
    await open_workflow(page, request_workflow_id(AGREEMENT, SOON), "user-metadata")
    told = rendered(page, "### Assigned")
    await expect(told.get_by_text("Next: Response due · C5.2 · ")).to_be_visible()


async def test_the_timeline_names_the_clause_on_timers_and_activities(page: Page, pictures: Path):
    await open_workflow(page, request_workflow_id(AGREEMENT, SOON), "timeline")
    await expect(page.get_by_text("Response due · C5.2")).to_be_visible()
    await expect(page.get_by_text("Mail notice 1 · C6.2.3")).to_be_visible()
    await page.get_by_role("heading", name="Timeline").evaluate("heading => heading.scrollIntoView()")
    await page.screenshot(path=pictures / "request-timeline.png")


async def test_the_history_names_what_is_recorded_and_by_which_clause(page: Page):
    await open_workflow(page, request_workflow_id(AGREEMENT, SOON), "history")
    await expect(page.get_by_text("Record assigned · C6.1.2").first).to_be_visible()


async def test_every_command_is_offered_as_an_update_with_what_it_means(page: Page):
    await open_workflow(page, request_workflow_id(AGREEMENT, BREACHED), "timeline")
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send an Update").click()
    await page.locator('[data-testid="update-select-button"]:visible').click()
    for name in CommandName:
        meaning = (MODELS[name].__doc__ or "").strip()
        await expect(page.get_by_role("option").filter(has_text=meaning).first).to_be_visible()


async def test_an_agreements_page_says_that_it_is_in_force_and_until_when(page: Page):
    await open_workflow(page, agreement_workflow_id(AGREEMENT), "user-metadata")
    told = rendered(page, "### In force")
    await expect(told.get_by_text("In force")).to_be_visible()
    await expect(told.get_by_text("Term: ")).to_be_visible()
    await expect(told.get_by_text("submit_request")).to_be_visible()


async def test_a_saved_view_is_kept_by_its_link_and_shows_search_attributes_as_columns(
    page: Page, pictures: Path, development: Running
):
    view = VIEWS["Breached and open"]
    await page.goto(view.link.replace("http://127.0.0.1:8233", str(development.ui)))
    for label in COLUMNS:
        await expect(page.get_by_role("columnheader", name=label)).to_be_visible()
    for request in (WAITING, BREACHED):
        await expect(page.get_by_role("link", name=request_workflow_id(AGREEMENT, request))).to_be_visible()
    await expect(page.get_by_text(request_workflow_id(AGREEMENT, SOON))).to_have_count(0)
    await expect(page.get_by_text("Breached and open").first).to_be_visible()
    top: FloatRect = {"x": 0, "y": 0, "width": 1360, "height": 380}
    await page.screenshot(path=pictures / "saved-view.png", clip=top)
