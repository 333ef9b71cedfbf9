"""What the live page counts, in a real browser over real Kafka, sink, engine and api: through restarts and gaps too."""

import time

import pytest
from playwright.sync_api import Browser

from tests.support.browser import CHROMIUM, tab
from tests.support.landed import Landed
from tests.support.markets import run
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]

HOUR_MS = 3_600_000


def test_the_page_loads_without_a_complaint_and_shows_the_archives_figures(
    browser: Browser, landed: Landed
) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        until(lambda: opened.number("#total") == landed.archived(), "the total is the archive's")
        assert opened.page.locator("#volume-chart rect.bar").count() >= 1
        assert opened.page.locator("#sentiment-chart rect.bar.positive").count() >= 1
        assert opened.page.locator("#volume-chart rect.gap").count() >= 1
        assert opened.page.title() == "Denyut"
        assert opened.complaints == []
        assert opened.violations() == []
        assert opened.hosts == {landed.api.url.removeprefix("http://")}


def test_a_zero_is_drawn_as_zero_and_a_gap_as_a_gap(browser: Browser, landed: Landed) -> None:
    now = time.time_ns() // 1_000_000
    nothing = {"outcome": "empty", "items": 0, "published": 0, "oldest_item_at": None, "newest_item_at": None}
    before = landed.rows("runs")
    landed.publisher.publish(run("test", "test", now - 4 * HOUR_MS, ended_at=now, **nothing), topic="runs")
    until(lambda: landed.rows("runs") > before, "the run has landed")
    buckets = landed.api.get("/api/v1/dashboard/volume-trend").json()["buckets"]
    gaps = [bucket for bucket in buckets if bucket["mentions"] is None]
    zeros = [bucket for bucket in buckets if bucket["mentions"] == 0]
    assert gaps
    assert zeros
    with tab(browser, landed.api.url) as opened:
        opened.live()
        hatched = opened.page.locator("#volume-chart rect.gap")
        until(lambda: hatched.count() == 1, "one run of gaps is hatched")
        axis = opened.page.locator("#volume-chart line.zero").first
        plot = float(axis.get_attribute("x2") or 0) - float(axis.get_attribute("x1") or 0)
        width = float(hatched.get_attribute("width") or 0)
        assert width / plot == pytest.approx(len(gaps) / len(buckets), abs=0.01)
        opened.page.locator("#volume-chart svg").focus()
        opened.page.keyboard.press("Home")
        assert "no data" in opened.text("#volume-chart .tip")
        opened.page.keyboard.press("End")
        assert "mentions" in opened.text("#volume-chart .tip")


def test_a_published_mention_appears_and_every_counter_rises_by_one(browser: Browser, landed: Landed) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        until(lambda: opened.number("#total") == landed.archived(), "the total is the archive's")
        total, received = opened.number("#total"), opened.number("#received")
        assert total is not None
        assert received is not None
        started = time.monotonic()
        (heard,) = landed.say(1, lands=False)
        until(lambda: opened.listed()[:1] == [heard], "it is on top of the ticker")
        assert time.monotonic() - started < 60
        until(lambda: opened.number("#total") == total + 1, "the total has risen")
        assert opened.number("#received") == received + 1
        until(lambda: landed.archived() == total + 1, "it has landed")
        # What has landed by now must not be added to what was heard.
        opened.page.wait_for_timeout(1500)
        assert opened.number("#total") == total + 1
        opened.page.reload()
        opened.live()
        until(lambda: opened.number("#total") == total + 1, "the archive says the same")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_the_api_loses_and_doubles_nothing(browser: Browser, landed: Landed, end: str) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        until(lambda: opened.number("#total") == landed.archived(), "the total is the archive's")
        total, received = opened.number("#total"), opened.number("#received")
        assert total is not None
        assert received is not None
        heard = landed.say(2)
        until(lambda: opened.number("#received") == received + 2, "they are heard")
        landed.api.stop() if end == "stop" else landed.api.kill()
        until(
            lambda: opened.page.get_attribute("#status", "data-state") == "reconnecting", "the cut is shown"
        )
        heard += landed.say(5)
        landed.api.start()
        opened.live()
        heard += landed.say(3)
        until(lambda: opened.number("#received") == received + 10, "all are heard")
        until(lambda: opened.number("#total") == total + 10, "all are counted")
        # The list is written a little later than the figures.
        until(lambda: sorted(opened.listed()[:10]) == sorted(heard), "all are listed")
        listed = opened.listed()
        assert len(listed) == len(set(listed))
        assert opened.page.locator("#gap").is_hidden()
        opened.page.wait_for_timeout(1500)
        assert (opened.number("#received"), opened.number("#total")) == (received + 10, total + 10)
        assert landed.archived() == total + 10


def test_a_gap_is_shown_and_healed_from_the_archive(browser: Browser, landed: Landed) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        landed.say(2)
        until(lambda: opened.number("#total") == landed.archived(), "the total is the archive's")
        total = opened.number("#total")
        assert total is not None
        landed.api.stop()
        lost = landed.say(6)
        landed.forget()
        landed.api.start()
        until(lambda: opened.page.locator("#gap").is_visible(), "the gap is shown")
        assert "older than what the stream keeps" in opened.text("#gap")
        opened.live()
        until(lambda: opened.number("#total") == total + 6, "the figures are whole again")
        until(lambda: set(lost) <= set(opened.listed()), "the archive gives what the stream could not")
        opened.page.locator("#gap-close").click()
        assert opened.page.locator("#gap").is_hidden()


def test_the_page_rests_in_the_background_and_counts_right_afterwards(
    browser: Browser, landed: Landed
) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        opened.page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
            "const wait = window.setTimeout; window.setTimeout = (call, ms) => wait(call, ms === 120000 ? 50 : ms);"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
        until(lambda: opened.page.get_attribute("#status", "data-state") == "resting", "it rests")
        landed.say(4)
        opened.page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
        opened.live()
        until(lambda: opened.number("#total") == landed.archived(), "the total is the archive's")
