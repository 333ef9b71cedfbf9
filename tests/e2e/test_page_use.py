"""What the live page shows and lets one do: filters, rising subjects, hostile text, every width, language and key."""

import itertools
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.support.browser import CHROMIUM, tab
from tests.support.landed import Landed
from tests.support.mentions import mention, trend
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]


def test_the_first_figures_are_shown_while_their_position_is_still_asked_for(
    browser: Browser, landed: Landed
) -> None:
    word = f"awal-{landed.number()}"
    mine = landed.say(3, keywords=[word])
    held: list[Route] = []
    with tab(browser, "about:blank") as opened:
        # Asked for with the position, after the figures.
        opened.page.route("**/api/v1/alerts*", lambda route: held.append(route))  # noqa: PLW0108 -- playwright marks what it is given
        opened.page.goto(f"{landed.api.url}/#subject={word}")
        until(lambda: opened.number("#total") == 3, "the total")
        until(
            lambda: bool(opened.listed() and held),
            "the list, and the question for alerts that is not answered",
        )
        assert sorted(opened.listed()) == sorted(mine)
        assert opened.page.locator("#status-text").inner_text() == "Connecting"
        for route in held:
            route.continue_()
        opened.page.unroute("**/api/v1/alerts*")
        opened.live()
        more = landed.say(1, keywords=[word])
        until(lambda: sorted(opened.listed()) == sorted(mine + more), "the next one, and none twice")
        until(lambda: opened.number("#total") == 4, "the total goes on from it")


def test_the_filters_change_the_stream_the_list_and_the_figures(browser: Browser, landed: Landed) -> None:
    word = f"beras-{landed.number()}"
    symbol = f"T{landed.number()}.JK"
    mine = landed.say(2, keywords=[word], platform="reddit", sentiment="negative")
    other = landed.say(2, keywords=[word], platform="news", sentiment="positive")
    coded = landed.say(1, symbols=[symbol], hashtags=[word], text=f"itu dia #{word}")
    with tab(browser, landed.api.url) as opened:
        opened.live()
        box = opened.page.locator("#filter-subject")

        def shows(*wanted: list[str]) -> None:
            ids = sorted(itertools.chain(*wanted))
            until(lambda: sorted(opened.listed()) == ids, f"the list is {ids}")

        box.fill(word)
        box.press("Enter")
        shows(mine, other)
        until(lambda: opened.number("#total") == 4, "the total is the filter's")
        opened.live()
        assert any("/stream?" in url and f"keyword={word}" in url for url in opened.requests)
        opened.page.select_option("#filter-platform", "reddit")
        shows(mine)
        until(lambda: opened.number("#total") == 2, "the total is the platform's")
        opened.live()
        late = landed.say(1, keywords=[word], platform="reddit", sentiment="neutral")
        landed.say(1, keywords=[word], platform="news")
        shows(mine, late)
        until(lambda: opened.number("#total") == 3, "only what passes the filter counts")
        opened.page.locator("#filter-sentiment label", has_text="Negative").click()
        shows(mine)
        until(lambda: opened.number("#total") == 2, "the total is the sentiment's")
        assert word in opened.page.url
        opened.page.reload()
        shows(mine)
        assert box.input_value() == word
        opened.page.locator("#filter-clear").click()
        box.fill(f"${symbol}")
        box.press("Enter")
        shows(coded)
        opened.page.locator("#ticker button", has_text=f"#{word}").click()
        until(lambda: box.input_value() == f"#{word}", "a click on a hashtag filters by it")
        opened.live()
        fresh = landed.say(1, hashtags=[word], text=f"ini dia #{word}")
        landed.say(1)
        until(lambda: opened.listed()[:1] == fresh, "a hashtag is sifted from the stream")
        assert opened.complaints == []


def test_rising_subjects_follow_the_stream_and_filter_on_click(browser: Browser, landed: Landed) -> None:
    word = f"naik-{landed.number()}"
    with tab(browser, landed.api.url) as opened:
        opened.live()
        landed.publisher.publish(trend("keyword", word, display_score=97.0, mentions=40), topic="trends")
        row = opened.page.locator("#rising button", has_text=word)
        until(lambda: row.count() == 1, "it rises")
        assert "97" in row.inner_text()
        landed.publisher.publish(
            trend("keyword", word, display_score=99.0, mentions=41, revision=2), topic="trends"
        )
        until(lambda: "99" in row.inner_text(), "a revision replaces")
        assert "41 mentions" in row.inner_text()
        assert row.count() == 1
        row.click()
        until(lambda: opened.page.input_value("#filter-subject") == word, "a click filters by it")
        until(lambda: row.get_attribute("aria-pressed") == "true", "and is shown as pressed")


def test_text_of_strangers_stays_text(browser: Browser, landed: Landed) -> None:
    evil = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script><a href='javascript:window.hit=1'>x</a>"
    with tab(browser, landed.api.url) as opened:
        opened.live()
        record = mention(
            landed.number(),
            text=evil,
            title=evil,
            author_handle=evil,
            source=evil,
            url="javascript:window.hit=1",
            keywords=[evil],
            hashtags=[evil],
        )
        landed.publisher.publish(record)
        landed.publisher.publish(trend("hashtag", evil, display_score=98.0), topic="trends")
        row = opened.page.locator(f'#ticker > li[data-id="{record["id"]}"]')
        until(lambda: row.count() == 1, "it is listed")
        assert evil in row.inner_text()
        assert row.locator("img, script, a").count() == 0
        until(lambda: opened.page.locator("#rising", has_text="onerror").count() == 1, "it rises")
        row.locator("button").first.click()
        until(lambda: opened.page.input_value("#filter-subject") == evil, "it is a filter like any other")
        opened.page.reload()
        until(lambda: opened.page.locator("#ticker > li").count() == 1, "found again by its address")
        assert opened.page.evaluate("window.hit") is None
        assert opened.page.locator("main img, main script, main [onerror]").count() == 0
        assert opened.violations() == []


def test_the_ticker_pauses_holds_still_and_is_bounded(browser: Browser, landed: Landed) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        received = opened.number("#received") or 0
        pause = opened.page.locator("#ticker-pause")
        pause.click()
        before = opened.listed()
        landed.say(3)
        until(lambda: "3 waiting" in opened.text("#ticker-note"), "what waits is counted")
        assert opened.listed() == before
        assert pause.get_attribute("aria-pressed") == "true"
        pause.click()
        until(lambda: len(opened.listed()) == len(before) + 3, "they are let in")
        landed.say(400)
        until(lambda: opened.number("#received") == received + 403, "every one is counted")
        # The list is written a little later than the figures.
        until(lambda: "too fast to show" in opened.text("#ticker-note"), "what passed unseen is counted")
        assert len(opened.listed()) <= 80


@pytest.mark.parametrize(
    ("width", "locale", "scheme"),
    [(360, "id-ID", "light"), (360, "en-GB", "dark"), (800, "en-GB", "light"), (1360, "id-ID", "dark")],
)
def test_it_fits_every_width_in_both_languages(
    browser: Browser, landed: Landed, width: int, locale: str, scheme: Any
) -> None:
    look: dict[str, Any] = {
        "viewport": {"width": width, "height": 780},
        "locale": locale,
        "color_scheme": scheme,
    }
    with tab(browser, landed.api.url, **look) as opened:
        until(lambda: opened.page.locator("#ticker > li").count() > 0, "there is something to see")
        assert opened.overflow() <= 0
        words = {"id-ID": "Subjek yang menanjak", "en-GB": "Rising subjects"}
        assert words[locale] in opened.text(".rising h2")
        opened.page.locator("#language").click()
        assert words[locale] not in opened.text(".rising h2")
        assert opened.overflow() <= 0
        ground = "getComputedStyle(document.body).backgroundColor"
        before = opened.page.evaluate(ground)
        opened.page.locator("#theme").click()
        assert opened.page.evaluate(ground) != before
        chosen = opened.page.evaluate(ground)
        opened.page.reload()
        assert opened.page.evaluate(ground) == chosen
        assert words[locale] not in opened.text(".rising h2")
        assert opened.complaints == []


def test_the_keyboard_reaches_every_control(browser: Browser, landed: Landed) -> None:
    with tab(browser, landed.api.url) as opened:
        opened.live()
        reached = set()
        for _ in range(40):
            opened.page.keyboard.press("Tab")
            reached.add(
                opened.page.evaluate(
                    "document.activeElement.id || document.activeElement.getAttribute('class')"
                )
            )
        for control in (
            "skip",
            "language",
            "theme",
            "filter-subject",
            "filter-platform",
            "ticker-pause",
            "ticker",
        ):
            assert control in reached, f"{control} of {reached}"


def test_only_the_pages_files_are_served(landed: Landed) -> None:
    script = landed.api.get("/static/js/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "default-src 'none'" in script.headers["content-security-policy"]
    for path in ("/static/..%2froutes/page.py", "/static/%2e%2e/settings.py"):
        assert landed.api.get(path).status_code == 404
