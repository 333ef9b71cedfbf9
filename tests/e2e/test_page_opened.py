"""What opens on the live page: topics with their stories, stories with their copies, influencers with their signals, alerts of tomorrow."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.support.browser import CHROMIUM, tab
from tests.support.landed import Landed
from tests.support.markets import alert
from tests.support.mentions import influencer, story, story_link, topic, trend
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]

HOUR = 3_600_000
EVIL = "<img src=x onerror='window.hit=1'>"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 780}}


def put(landed: Landed, kind: str, table: str, *records: dict[str, Any]) -> None:
    before = landed.rows(table)
    landed.publisher.publish(*records, topic=kind)
    until(lambda: landed.rows(table) >= before + len(records), f"{table} have landed")


def test_topics_and_stories_open_to_what_they_are_made_of(browser: Browser, landed: Landed) -> None:
    number = landed.number() + 50_000
    tag = f"emas{number}"
    told = story(number, copies=1, excerpt=f"laba emas {EVIL}", subjects=[f"hashtag:{tag}"])
    about = topic(number, label=f"harga {EVIL}", hashtags={tag: 4}, trending_score=9.0)
    shown = landed.say(1, hashtags=[tag], text=f"ini dia #{tag}")
    belongs = {"story_id": told["id"], "topic_id": about["id"], "similarity": 0.5, "revision": 1}
    put(landed, "stories", "stories", told)
    put(
        landed,
        "story-links",
        "story_links",
        story_link(told["id"], number, post_id=shown[0], author="x:budi"),
    )
    put(landed, "assignments", "assignments", {**belongs, "assigned_at": about["last_seen"]})
    put(landed, "topics", "topics", about)
    hour = trend("topic", about["id"], mentions=7, baseline=2.0)
    before = {"start": hour["start"] - HOUR, "end": hour["start"]}
    earlier = trend("topic", about["id"], mentions=3, baseline=1.5, **before)
    put(landed, "trends", "trends", hour, earlier)
    with tab(browser, f"{landed.api.url}/#subject=%23{tag}", **PHONE) as opened:
        opened.live()
        row = opened.page.locator(f'#topics > li[data-id="{about["id"]}"]')
        until(lambda: row.count() == 1, "the archive's topic is listed")
        other = topic(number + 1, hashtags={tag: 1}, trending_score=99.0)
        hidden = topic(number + 2, hashtags={}, trending_score=99.0)
        # The keyboard opens it, and an open one keeps its place while figures change.
        row.locator("summary").focus()
        opened.page.keyboard.press("Enter")
        until(lambda: "laba emas" in row.inner_text(), "its stories")
        assert f"#{tag}" in row.inner_text()
        until(lambda: row.locator(".curve").count() == 1, "its hours")
        told_hours = row.locator(".curve").get_attribute("aria-label") or ""
        assert told_hours.endswith("at most 7; usual now 2")
        assert (row.locator(".curve-usual").get_attribute("d") or "").count("h10") == 2
        landed.publisher.publish({**about, "revision": 3, "mentions": 44}, other, hidden, topic="topics")
        until(lambda: "44 mentions" in row.inner_text(), "a revision replaces")
        ids = opened.page.locator("#topics > li")
        until(lambda: ids.count() == 2, "a live one of the subject, and no other")
        assert ids.first.get_attribute("data-id") == about["id"]
        row.locator("summary").click()
        until(
            lambda: ids.first.get_attribute("data-id") == other["id"],
            "closed, those that rise more go before",
        )
        landed.publisher.publish({**other, "revision": 3, "merged_into": about["id"]}, topic="topics")
        until(lambda: ids.count() == 1, "one that went into another is gone")
        copies = opened.page.locator("#stories > li")
        copies.locator("summary").click()
        until(lambda: "75% the same" in copies.inner_text(), "its copies, and how much is the same")
        copies.locator(".samples").click()
        until(lambda: opened.listed() == shown, "their posts are the list")
        assert opened.overflow() <= 0
        assert opened.page.evaluate("window.hit") is None
        assert opened.complaints == []
        assert opened.violations() == []


def test_influencers_tell_their_score_and_the_signals_against_them(browser: Browser, landed: Landed) -> None:
    number = landed.number() + 50_000
    symbol = f"I{number}.JK"
    shown = landed.say(1, symbols=[symbol])
    signal = {
        "kind": "shared_text",
        "explanation": f"one text by 14 authors {EVIL}",
        "observed": 14.0,
        "limit": 5.0,
    }
    flagged = influencer(
        number,
        topics={f"symbol:{symbol}": 2},
        signals=[
            {**signal, "authors": ["x:siti"], "samples": shown},
            {**signal, "kind": "quite_new", "authors": [], "samples": []},
        ],
    )
    clean = influencer(
        number + 1,
        topics={f"symbol:{symbol}": 2},
        signals=[],
        score=70.0,
        followers=None,
        profile_url="javascript:window.hit=1",
    )
    put(landed, "influencers", "influencer_profiles", flagged, clean)
    with tab(browser, f"{landed.api.url}/#subject=%24{symbol}", **PHONE) as opened:
        opened.live()
        rows = opened.page.locator("#influencers > li")
        until(lambda: rows.count() == 2, "both write of the subject")
        assert [row.split("\n")[0] for row in rows.all_inner_texts()] == [
            f"@akun{number + 1}",
            f"@akun{number}",
        ]
        assert rows.locator("a").count() == 1, "what is no address of a page is no link"
        opened.page.locator("#influencers-which label", has_text="With signals").click()
        until(lambda: rows.count() == 1, "those with signals alone")
        assert "2 signals" in rows.inner_text()
        rows.locator("summary").click()
        until(lambda: "12.5 / 30" in rows.inner_text(), "the parts of the score")
        told = rows.inner_text()
        for word in (
            "Same texts as other authors",
            EVIL,
            "counted 14, a signal from 5 on",
            "x:siti",
            "Quite new",
            "\u22124.3",
        ):
            assert word in told, word
        rows.locator(".samples").click()
        until(lambda: opened.listed() == shown, "the posts that show it")
        assert opened.overflow() <= 0
        assert opened.page.evaluate("window.hit") is None
        assert opened.complaints == []


def test_a_rising_subject_has_its_curve_and_what_was_usual(browser: Browser, landed: Landed) -> None:
    word = f"lengkung-{landed.number()}"
    now = trend("keyword", word, display_score=100.0, mentions=900, baseline=3.0)
    before = [
        trend(
            "keyword",
            word,
            start=now["start"] - hours * HOUR,
            end=now["end"] - hours * HOUR,
            mentions=hours,
            baseline=2.0,
        )
        for hours in (2, 3)
    ]
    put(landed, "trends", "trends", *before, now)
    with tab(browser, landed.api.url) as opened:
        opened.live()
        row = opened.page.locator("#rising li", has_text=word)
        until(lambda: row.count() == 1, "it rises")
        usual = row.locator(".curve-usual")
        # One step an hour: of three hours the expectation is known, two of them in a row.
        until(lambda: (usual.get_attribute("d") or "").count("M") == 2, "the curve of before")
        assert (usual.get_attribute("d") or "").count("h10") == 3
        assert (row.locator(".growing").get_attribute("d") or "").endswith("2.0h10"), (
            "the hour under way is the highest"
        )
        assert "at most 900" in (row.locator(".curve").get_attribute("aria-label") or "")
        landed.publisher.publish({**now, "revision": 2, "mentions": 1_800}, topic="trends")
        until(
            lambda: "at most 1,800" in (row.locator(".curve").get_attribute("aria-label") or ""),
            "it follows the stream",
        )


def test_an_alert_with_fields_of_tomorrow_is_shown_readably(browser: Browser, landed: Landed) -> None:
    mine = landed.number()
    strange = {
        **alert(mine, rule_id=f"strange-{mine}"),
        "kind": "mood_of_tomorrow",
        "severity": "warning",
        "smallest_removal": [{"source": EVIL, "mentions": 7}],
        "quiet_since": 1_700_000_000_000,
        "terms": None,
    }

    def answer(route: Route) -> None:
        given = route.fetch().json()
        route.fulfill(body=json.dumps({**given, "alerts": [strange]}), content_type="application/json")

    with tab(browser, "about:blank", **PHONE) as opened:
        opened.page.route("**/api/v1/alerts*", answer)
        opened.page.goto(landed.api.url)
        opened.live()
        row = opened.page.locator(f'#alerts > li[data-id="{strange["id"]}"]')
        until(lambda: row.count() == 1, "it is listed")
        row.locator("summary").click()
        told = row.inner_text()
        for word in (
            "Mood of tomorrow",
            "Smallest removal",
            f"source: {EVIL} · mentions: 7",
            "Quiet since",
            "2023",
            "Since",
            "Fired",
        ):
            assert word in told, word
        opened.page.locator("#language").click()
        assert "Mood of tomorrow" in row.inner_text(), "in the other language it is no less"
        assert opened.overflow() <= 0
        assert opened.page.evaluate("window.hit") is None
        assert opened.complaints == []
