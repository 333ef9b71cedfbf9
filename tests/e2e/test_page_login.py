"""Logging in to the page where not everybody may read, in a real browser."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from tests.support.api import Api
from tests.support.browser import CHROMIUM, Tab, tab
from tests.support.clickhouse import READER, EmbeddedClickHouse
from tests.support.landed import Landed
from tests.support.markets import alert
from tests.support.tokens import SETTINGS, token
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]


@pytest.fixture(scope="module")
def closed(
    landed: Landed, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    """An api over the same topics and tables that asks who asks."""
    api = Api(
        landed.bootstrap,
        landed.prefix,
        tmp_path_factory.mktemp("closed") / "api.log",
        clickhouse_url=clickhouse.url,
        clickhouse_database=landed.database,
        clickhouse_reader_user=READER[0],
        clickhouse_reader_password=READER[1],
        stream_heartbeat_s=1,
        token_leeway_s=0,
        **SETTINGS,
    ).start()
    yield api
    api.stop()


def enter(opened: Tab, text: str) -> None:
    opened.page.fill("#login-token", text)
    opened.page.press("#login-token", "Enter")


def test_who_has_a_token_logs_in_and_out(browser: Browser, landed: Landed, closed: Api) -> None:
    with tab(browser, closed.url) as opened:
        opened.page.wait_for_selector("#login", state="visible")
        assert not opened.page.is_visible("main")
        enter(opened, "nonsense")
        until(lambda: "not accepted" in opened.text("#login-problem"), "the refusal")
        secret = token(sub="ani")
        enter(opened, secret)
        opened.live()
        assert opened.number("#total") == landed.archived()
        kept = next(one for one in opened.page.context.cookies() if "denyut" in one["name"])
        assert (kept["httpOnly"], kept["secure"], kept["sameSite"]) == (True, True, "Strict")
        assert opened.page.evaluate("document.cookie") == ""
        assert not any(secret in url for url in opened.requests)
        (mine,) = landed.say(1)
        until(lambda: mine in opened.listed(), "what is said now")
        assert opened.violations() == []
        opened.page.click("#logout")
        opened.page.wait_for_selector("#login", state="visible")
        assert opened.page.context.cookies() == []
        # The one refusal that was asked for, and no other.
        assert len(opened.complaints) == 1


def test_an_alert_that_nobody_else_is_shown_says_so(browser: Browser, landed: Landed, closed: Api) -> None:
    with tab(browser, closed.url, viewport={"width": 360, "height": 800}) as opened:
        opened.page.wait_for_selector("#login", state="visible")
        enter(opened, token(sub="ani"))
        opened.live()
        number = int(time.time() * 1000)
        ours, theirs, mine = (
            alert(number, rule_id=f"{owner}-{number}", fired_at=number, owner=owner)
            for owner in (None, "budi", "ani")
        )
        landed.publisher.publish(ours, theirs, mine, topic="alerts")

        def row(one: dict[str, Any]) -> Locator:
            return opened.page.locator(f'#alerts > li[data-id="{one["id"]}"]')

        until(lambda: row(mine).count() == row(ours).count() == 1, "both are told")
        assert row(mine).locator(".own").inner_text() == "only you"
        assert row(ours).locator(".own").count() == 0
        assert row(theirs).count() == 0
        assert opened.overflow() <= 0
        opened.page.click("#language")
        until(lambda: row(mine).locator(".own").inner_text() == "hanya Anda", "the other language")
        assert opened.violations() == []


def test_the_page_asks_again_when_the_token_ends(browser: Browser, closed: Api) -> None:
    with tab(browser, closed.url) as opened:
        # On a busy machine a token may have ended before the page is live: then a longer one.
        for seconds in (8, 32, 128):
            opened.page.wait_for_selector("#login", state="visible")
            # The page loads anew once the token is accepted.
            with opened.page.expect_navigation(timeout=120_000):
                enter(opened, token(exp=int(time.time()) + seconds))
            until(lambda: _shown(opened), "the page, or the form again")
            if opened.page.get_attribute("#status", "data-state") == "live":
                break
        assert opened.page.is_visible("main")
        opened.page.wait_for_selector("#login", state="visible", timeout=200_000)
        assert not opened.page.is_visible("main")


def _shown(opened: Tab) -> bool:
    """Whether the page is live, or shows the form again."""
    state = opened.page.get_attribute("#status", "data-state")
    return state == "live" or opened.page.is_visible("#login")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (520, "dark"), (1360, "light")])
def test_the_form_fits_and_speaks_both_languages(
    browser: Browser, closed: Api, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 700}
    with tab(browser, closed.url, viewport=size, locale="id-ID", color_scheme=scheme) as opened:
        opened.page.wait_for_selector("#login", state="visible")
        assert opened.overflow() <= 0
        assert opened.text("#login h2") == "Masuk"
        opened.page.click("#language")
        until(lambda: opened.text("#login h2") == "Log in", "the other language")
        assert opened.complaints == []
        assert opened.violations() == []


def test_where_anybody_may_read_nobody_is_asked(browser: Browser, landed: Landed) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        assert not opened.page.is_visible("#login")
        assert not opened.page.is_visible("#logout")
