"""The live page in a real browser, over real Kafka, the real sink and engine, and the api as a process."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from playwright.sync_api import Browser

from schemas.topics import TOPICS
from tests.support.broker import Broker
from tests.support.browser import CHROMIUM, Tab, chromium, tab
from tests.support.clickhouse import embedded
from tests.support.landed import Landed
from tests.support.mentions import mention, trend

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is tested in it"),
]

HOUR_MS = 3_600_000
PATIENCE_S = 60.0
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def landed(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landed]:
    folder = tmp_path_factory.mktemp("page")
    with (
        embedded(folder / "clickhouse") as clickhouse,
        Landed(kafka.bootstrap, f"page{time.time_ns()}.", clickhouse, folder) as running,
    ):
        say(running, 3)
        yield running


def say(landed: Landed, count: int, *, lands: bool = True, **changes: Any) -> list[str]:
    """Publish so many mentions; returns their ids once they have landed."""
    before = landed.rows()
    records = [mention(next(_NUMBERS), **changes) for _ in range(count)]
    landed.publisher.publish(*records)
    if lands:
        until(lambda: landed.rows() >= before + count, "what was published has landed")
    return [record["id"] for record in records]


def until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience_s:.0f} s: {what}"
        time.sleep(0.1)


def live(opened: Tab) -> None:
    """Wait until the archive's figures stand and the stream runs."""
    until(lambda: opened.number("#total") is not None, "the archive's figures are shown")
    until(lambda: opened.page.get_attribute("#status", "data-state") == "live", "the stream is live")


def archived(landed: Landed, **query: object) -> int:
    found: int = landed.api.get("/api/v1/dashboard/stats", **query).json()["mentions"]
    return found


def test_the_page_loads_without_a_complaint_and_shows_the_archives_figures(
    browser: Browser, landed: Landed
) -> None:
    with tab(browser, landed.api.url) as opened:
        live(opened)
        until(lambda: opened.number("#total") == archived(landed), "the total is the archive's")
        assert opened.page.locator("#volume-chart rect.bar").count() >= 1
        assert opened.page.locator("#sentiment-chart rect.bar.positive").count() >= 1
        assert opened.page.locator("#volume-chart rect.gap").count() >= 1
        assert opened.page.title() == "Denyut"
        assert opened.complaints == []
        assert opened.violations() == []
        assert opened.hosts == {landed.api.url.removeprefix("http://")}


def test_a_zero_is_drawn_as_zero_and_a_gap_as_a_gap(browser: Browser, landed: Landed) -> None:
    now = time.time_ns() // 1_000_000
    run = {
        "id": f"test:{now}",
        "collector": "test",
        "source": "test",
        "started_at": now - 4 * HOUR_MS,
        "ended_at": now,
        "outcome": "empty",
        "items": 0,
        "published": 0,
        "oldest_item_at": None,
        "newest_item_at": None,
        "quota_left": None,
        "error": None,
    }
    landed.publisher.publish(run, topic="runs")
    until(lambda: landed.rows("runs") >= 1, "the run has landed")
    buckets = landed.api.get("/api/v1/dashboard/volume-trend").json()["buckets"]
    gaps = [bucket for bucket in buckets if bucket["mentions"] is None]
    zeros = [bucket for bucket in buckets if bucket["mentions"] == 0]
    assert gaps
    assert zeros
    with tab(browser, landed.api.url) as opened:
        live(opened)
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
        live(opened)
        until(lambda: opened.number("#total") == archived(landed), "the total is the archive's")
        total, received = opened.number("#total"), opened.number("#received")
        assert total is not None
        assert received is not None
        started = time.monotonic()
        (heard,) = say(landed, 1, lands=False)
        until(lambda: opened.listed()[:1] == [heard], "it is on top of the ticker")
        assert time.monotonic() - started < 10
        until(lambda: opened.number("#total") == total + 1, "the total has risen")
        assert opened.number("#received") == received + 1
        until(lambda: archived(landed) == total + 1, "it has landed")
        # What has landed by now must not be added to what was heard.
        opened.page.wait_for_timeout(1500)
        assert opened.number("#total") == total + 1
        opened.page.reload()
        live(opened)
        until(lambda: opened.number("#total") == total + 1, "the archive says the same")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_the_api_loses_and_doubles_nothing(browser: Browser, landed: Landed, end: str) -> None:
    with tab(browser, landed.api.url) as opened:
        live(opened)
        until(lambda: opened.number("#total") == archived(landed), "the total is the archive's")
        total, received = opened.number("#total"), opened.number("#received")
        assert total is not None
        assert received is not None
        heard = say(landed, 2)
        until(lambda: opened.number("#received") == received + 2, "they are heard")
        landed.api.stop() if end == "stop" else landed.api.kill()
        until(
            lambda: opened.page.get_attribute("#status", "data-state") == "reconnecting", "the cut is shown"
        )
        heard += say(landed, 5)
        landed.api.start()
        live(opened)
        heard += say(landed, 3)
        until(lambda: opened.number("#received") == received + 10, "all are heard")
        until(lambda: opened.number("#total") == total + 10, "all are counted")
        listed = opened.listed()
        assert sorted(listed[:10]) == sorted(heard)
        assert len(listed) == len(set(listed))
        assert opened.page.locator("#gap").is_hidden()
        opened.page.wait_for_timeout(1500)
        assert (opened.number("#received"), opened.number("#total")) == (received + 10, total + 10)
        assert archived(landed) == total + 10


def test_the_filters_change_the_stream_the_list_and_the_figures(browser: Browser, landed: Landed) -> None:
    word = f"beras-{next(_NUMBERS)}"
    symbol = f"T{next(_NUMBERS)}.JK"
    mine = say(landed, 2, keywords=[word], platform="reddit", sentiment="negative")
    other = say(landed, 2, keywords=[word], platform="news", sentiment="positive")
    coded = say(landed, 1, symbols=[symbol], hashtags=[word], text=f"itu dia #{word}")
    with tab(browser, landed.api.url) as opened:
        live(opened)
        box = opened.page.locator("#filter-subject")

        def shows(*wanted: list[str]) -> None:
            ids = sorted(itertools.chain(*wanted))
            until(lambda: sorted(opened.listed()) == ids, f"the list is {ids}")

        box.fill(word)
        box.press("Enter")
        shows(mine, other)
        until(lambda: opened.number("#total") == 4, "the total is the filter's")
        assert any("/stream?" in url and f"keyword={word}" in url for url in opened.requests)
        opened.page.select_option("#filter-platform", "reddit")
        shows(mine)
        until(lambda: opened.number("#total") == 2, "the total is the platform's")
        live(opened)
        late = say(landed, 1, keywords=[word], platform="reddit", sentiment="neutral")
        say(landed, 1, keywords=[word], platform="news")
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
        live(opened)
        fresh = say(landed, 1, hashtags=[word], text=f"ini dia #{word}")
        say(landed, 1)
        until(lambda: opened.listed()[:1] == fresh, "a hashtag is sifted from the stream")
        assert opened.complaints == []


def test_rising_subjects_follow_the_stream_and_filter_on_click(browser: Browser, landed: Landed) -> None:
    word = f"naik-{next(_NUMBERS)}"
    with tab(browser, landed.api.url) as opened:
        live(opened)
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
        live(opened)
        record = mention(
            next(_NUMBERS),
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
        live(opened)
        received = opened.number("#received") or 0
        pause = opened.page.locator("#ticker-pause")
        pause.click()
        before = opened.listed()
        say(landed, 3)
        until(lambda: "3 waiting" in opened.text("#ticker-note"), "what waits is counted")
        assert opened.listed() == before
        assert pause.get_attribute("aria-pressed") == "true"
        pause.click()
        until(lambda: len(opened.listed()) == len(before) + 3, "they are let in")
        say(landed, 400)
        until(lambda: opened.number("#received") == received + 403, "every one is counted")
        assert len(opened.listed()) <= 80
        assert "too fast to show" in opened.text("#ticker-note")


def test_a_gap_is_shown_and_healed_from_the_archive(browser: Browser, landed: Landed, kafka: Broker) -> None:
    with tab(browser, landed.api.url) as opened:
        live(opened)
        say(landed, 2)
        until(lambda: opened.number("#total") == archived(landed), "the total is the archive's")
        total = opened.number("#total")
        assert total is not None
        landed.api.stop()
        lost = say(landed, 6)
        forget(kafka, landed)
        landed.api.start()
        until(lambda: opened.page.locator("#gap").is_visible(), "the gap is shown")
        assert "older than what the stream keeps" in opened.text("#gap")
        live(opened)
        until(lambda: opened.number("#total") == total + 6, "the figures are whole again", 90)
        until(lambda: set(lost) <= set(opened.listed()), "the archive gives what the stream could not")
        opened.page.locator("#gap-close").click()
        assert opened.page.locator("#gap").is_hidden()


def forget(kafka: Broker, landed: Landed) -> None:
    """Let retention take everything that was said."""
    name = TOPICS["mentions"].full_name(landed.prefix)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    partitions = admin.list_topics(name, timeout=10).topics[name].partitions
    for future in admin.delete_records([TopicPartition(name, number, -1) for number in partitions]).values():
        future.result(30)


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
        live(opened)
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


def test_the_page_rests_in_the_background_and_counts_right_afterwards(
    browser: Browser, landed: Landed
) -> None:
    with tab(browser, landed.api.url) as opened:
        live(opened)
        opened.page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
            "const wait = window.setTimeout; window.setTimeout = (call, ms) => wait(call, ms === 120000 ? 50 : ms);"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
        until(lambda: opened.page.get_attribute("#status", "data-state") == "resting", "it rests")
        say(landed, 4)
        opened.page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
        live(opened)
        until(lambda: opened.number("#total") == archived(landed), "the total is the archive's")


def test_only_the_pages_files_are_served(landed: Landed) -> None:
    script = landed.api.get("/static/js/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "default-src 'none'" in script.headers["content-security-policy"]
    for path in ("/static/..%2froutes/page.py", "/static/%2e%2e/settings.py"):
        assert landed.api.get(path).status_code == 404
