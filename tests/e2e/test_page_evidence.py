"""What the live page tells besides counts: alerts with their evidence, prices beside sentiment, sources; and the API's page."""

import time
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import CHROMIUM, tab
from tests.support.landed import Landed
from tests.support.markets import DAY, MINUTE, alert, bar, quote, run
from tests.support.mentions import story, trend
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]

HOUR = 3_600_000


def put(landed: Landed, topic: str, *records: dict[str, Any]) -> None:
    before = landed.rows(topic)
    landed.publisher.publish(*records, topic=topic)
    until(lambda: landed.rows(topic) >= before + len(records), f"{topic} have landed")


def test_alerts_come_from_the_archive_and_live_with_their_evidence(browser: Browser, landed: Landed) -> None:
    mine = landed.number()
    shown = landed.say(2, text="kiriman yang jadi bukti")
    evil = "<img src=x onerror='window.hit=1'>"
    old = alert(
        mine,
        severity="critical",
        rule_id=f"old-{mine}",
        samples=shown,
        explanation=f"nineteen where six are usual {evil}",
        terms={"saham": 7, evil: 3},
    )
    put(landed, "alerts", old, alert(mine, rule_id=f"owned-{mine}", owner="somebody"))
    row = f'#alerts > li[data-id="{old["id"]}"]'
    with tab(browser, landed.api.url) as opened:
        opened.live()
        until(lambda: opened.page.locator(row).count() == 1, "the archive's alert is listed")
        live = [
            alert(mine, rule_id=f"{name}-{mine}", owner=owner)
            for name, owner in (("new", None), ("kept", "me"))
        ]
        late = alert(
            mine,
            rule_id=f"late-{mine}",
            severity="info",
            kind="price_move",
            observed=463.37,
            expected=494.47,
            score=-0.0629,
        )
        landed.publisher.publish(*live, late, topic="alerts")
        until(
            lambda: opened.page.locator(f'#alerts > li[data-id="{late["id"]}"]').count() == 1,
            "a live one is listed",
        )
        listed = opened.page.eval_on_selector_all("#alerts > li", "rows => rows.map(row => row.dataset.id)")
        assert live[0]["id"] in listed
        assert not [one for one in listed if one.startswith(("owned-", "kept-"))]
        assert len(listed) == len(set(listed))
        assert "critical" in opened.text(f"{row} .severity"), "severity is a word, not a colour alone"
        assert opened.text(f"{row} .mark") == "◆"
        opened.page.locator(f"{row} summary").click()
        evidence = opened.text(f"{row} .evidence")
        for word in ("Observed", "19", "Expected", "6", "saham", "detik.com", "12", evil):
            assert word in evidence, word
        opened.page.locator(f'#alerts > li[data-id="{late["id"]}"] summary').click()
        figures = opened.text(f'#alerts > li[data-id="{late["id"]}"] .evidence')
        for word in ("463.37", "494.47", "6.29%"):
            assert word in figures, word
        opened.page.locator(f"{row} .samples").click()
        until(lambda: sorted(opened.listed()) == sorted(shown), "its posts are the list")
        assert "Volume spike" in opened.text("#ticker-title")
        (arrived,) = landed.say(1)
        until(lambda: "1 waiting" in opened.text("#ticker-note"), "what comes meanwhile waits")
        opened.page.locator("#ticker-pause").click()
        until(lambda: opened.listed()[:1] == [arrived], "back to live")
        assert opened.text("#ticker-title") == "Mentions"
        opened.page.locator("#language").click()
        assert "kritis" in opened.text(f"{row} .severity")
        assert "biasanya 6" in opened.text(f"{row} .said")
        assert opened.page.locator(f"{row} details").get_attribute("open") is not None, (
            "an open one stays open"
        )
        assert opened.page.evaluate("window.hit") is None
        assert opened.complaints == []
        assert opened.violations() == []


def test_an_alert_between_list_and_stream_is_neither_missed_nor_doubled(
    browser: Browser, landed: Landed
) -> None:
    """The page opens its stream at the position of the list, however far landing is behind."""
    mine = landed.number()
    landed.pause_sink()
    try:
        waiting = alert(mine, rule_id=f"waits-{mine}")
        landed.publisher.publish(waiting, topic="alerts")
        with tab(browser, landed.api.url) as opened:
            opened.live()
            row = opened.page.locator(f'#alerts > li[data-id="{waiting["id"]}"]')
            until(lambda: row.count() == 1, "the stream gives what has not landed")
            landed.resume_sink()
            opened.page.reload()
            opened.live()
            until(lambda: row.count() == 1, "and the archive what has")
    finally:
        landed.resume_sink()


def test_prices_stand_beside_the_sentiment_of_a_symbol(browser: Browser, landed: Landed) -> None:
    symbol = f"P{landed.number()}.JK"
    now = time.time_ns() // 1_000_000
    hour = now // HOUR * HOUR
    midnight = (now + 7 * HOUR) // DAY * DAY - 7 * HOUR
    minutes = [bar(symbol, "1m", hour - 3 * HOUR + step * MINUTE, 9000.0 + step) for step in range(120)]
    days = [bar(symbol, "1d", midnight - step * DAY, 8000.0 + step) for step in range(10)]
    put(landed, "bars", *minutes, *days)
    put(landed, "quotes", quote(symbol, 9250.0, change=50.0))
    landed.say(2, symbols=[symbol])
    landed.publisher.publish(trend("symbol", symbol, start=hour, end=hour + HOUR), topic="trends")
    with tab(browser, f"{landed.api.url}/#subject=%24{symbol}") as opened:
        opened.live()
        candles = opened.page.locator("#price-chart rect.candle")
        until(lambda: candles.count() == 2, "two hours of minutes are two candles")
        until(lambda: opened.page.locator("#sentiment-chart rect.bar").count() > 0, "with sentiment above")
        assert "9,250 IDR · +50 (+0.54%)" in opened.text("#price-note")
        sides = [
            opened.page.locator(f"#{name} line.zero").first.get_attribute(at)
            for at in ("x1", "x2")
            for name in ("sentiment-chart", "price-chart")
        ]
        assert (sides[0], sides[2]) == (sides[1], sides[3]), "both charts have the same time axis"
        opened.page.locator("#price-chart svg").focus()
        opened.page.keyboard.press("Home")
        assert "no trade" in opened.text("#price-chart .tip")
        for _ in range(20):
            opened.page.keyboard.press("ArrowRight")
        assert "close" in opened.text("#price-chart .tip")
        opened.page.locator("#period label", has_text="30d").click()
        until(lambda: candles.count() == 10, "ten days are ten candles")
        assert opened.overflow() <= 0
        opened.page.locator("#filter-clear").click()
        until(lambda: opened.page.locator("#prices").is_hidden(), "no symbol, no prices")
        box = opened.page.locator("#filter-subject")
        box.fill("$NONE.JK")
        box.press("Enter")
        until(lambda: "No prices" in opened.text("#price-note"), "a symbol without prices says so")
        assert opened.complaints == []


def test_sources_show_their_state_in_words(browser: Browser, landed: Landed) -> None:
    rss = f"rss{landed.number()}"
    now = time.time_ns() // 1_000_000
    put(
        landed,
        "runs",
        run(rss, "fine", now),
        run(rss, "failing", now, outcome="error", error="HTTP 503 from the feed"),
        run(rss, "slowed", now, outcome="throttled"),
    )
    with tab(browser, landed.api.url, viewport={"width": 360, "height": 780}) as opened:
        opened.live()
        mine = opened.page.locator("#sources li", has_text=rss)
        until(lambda: mine.count() == 3, "all are listed")
        texts = mine.all_inner_texts()
        words = opened.page.locator("#sources li", has_text=rss).locator(".state").all_inner_texts()
        assert [word.strip("■▼●") for word in words] == ["broken", "throttled", "ok"], (
            "what needs a look is first"
        )
        assert "HTTP 503 from the feed" in texts[0]
        assert "run" in texts[2]
        assert opened.overflow() <= 0
        opened.page.locator("#language").click()
        until(lambda: "rusak" in mine.first.inner_text(), "in the other language too")


def test_stories_show_what_was_copied_most_and_by_whom(browser: Browser, landed: Landed) -> None:
    number = landed.number()
    symbol = f"S{number}.JK"
    named = {
        "subjects": [f"symbol:{symbol}"],
        "sources": {"news/antaranews": 3, "x/feed": 1, "news/kompas": 1},
    }
    put(
        landed,
        "stories",
        story(number, revision=2, copies=1, **named),
        story(number, revision=5, copies=4, excerpt="<b>laba</b> naik", **named),
        story(number + 10_000, subjects=named["subjects"], url="javascript:alert(1)"),
        story(number + 20_000),
    )
    address = f"{landed.api.url}/#subject=%24{symbol}"
    with tab(browser, address, viewport={"width": 360, "height": 780}) as opened:
        opened.live()
        mine = opened.page.locator("#stories > li")
        until(lambda: mine.count() == 2, "those of the subject, one row each")
        first, second = mine.all_inner_texts()
        assert first.startswith("+4")
        assert "<b>laba</b> naik" in first
        assert "news/antaranews \u00d73 · news/kompas · x/feed" in first
        assert second.startswith("+1")
        assert opened.page.locator("#stories a").count() == 1, "what is no address of a page is no link"
        assert opened.overflow() <= 0
        assert opened.complaints == []
        opened.page.locator("#filter-clear").click()
        until(lambda: mine.count() >= 3, "all of them")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1360, "light")])
def test_the_apis_page_shows_and_tries_every_operation(
    browser: Browser, landed: Landed, width: int, scheme: Any
) -> None:
    look: dict[str, Any] = {"viewport": {"width": width, "height": 780}, "color_scheme": scheme}
    document = landed.api.get("/api/v1/openapi.json").json()
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    with tab(browser, f"{landed.api.url}/docs", **look) as opened:
        sections = opened.page.locator("details")
        until(lambda: sections.count() == len(operations), "every operation is there")
        first = opened.page.locator("#get_api_v1_sql")
        first.locator("summary").click()
        first.locator("input[name=query]").fill("SELECT count() AS n FROM mentions")
        first.locator("input[name=format]").fill("JSONEachRow")
        assert "query=SELECT+count" in (first.locator(".try a").get_attribute("href") or "")
        first.locator(".try button").click()
        until(lambda: '"n"' in first.locator("pre").inner_text(), "the answer is shown")
        assert first.locator("pre").inner_text().startswith("200 application/x-ndjson")
        posted = opened.page.locator("#post_api_v1_sql")
        posted.locator("summary").click()
        posted.locator("textarea").fill("DROP TABLE mentions")
        posted.locator(".try button").click()
        until(lambda: '"not_allowed"' in posted.locator("pre").inner_text(), "a refusal is shown")
        assert opened.overflow() <= 0
        assert opened.violations() == []
        assert opened.hosts == {landed.api.url.removeprefix("http://")}
        # What the browser itself notes of the refused request is no fault of the page.
        assert [one for one in opened.complaints if "422" not in one] == []
