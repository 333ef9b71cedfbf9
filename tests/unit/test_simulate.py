import time
from collections import Counter
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from deploy.control import read_seeds
from deploy.keywords import KeywordSeed
from producers.base import Item
from producers.clock import now_ms
from producers.collectors.simulate import Simulate, build
from producers.registry import COLLECTORS
from producers.registry import build as build_named
from producers.settings import ProducerSettings
from producers.simulation.plan import MINUTE_MS, Plan
from producers.simulation.world import FEELINGS, PLATFORMS, phrases, subjects
from producers.simulation.writer import SLICE_MS, Writer
from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.events import Post
from schemas.registry import PinnedIds

MINUTE = 29_000_000
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KEYWORDS = Path(__file__).parents[2] / "deploy" / "keywords.toml"


def plan(seed: int = 1, rate: float = 20, rhythm: bool = False, burst_minutes: int = 10) -> Plan:
    return Plan(seed, rate, rhythm, burst_minutes)


def minute_of(writer: Writer, minute: int) -> list[Post]:
    slices = MINUTE_MS // SLICE_MS
    return [post for number in range(minute * slices, (minute + 1) * slices) for post in writer.posts(number)]


def settings(**values: Any) -> ProducerSettings:
    return ProducerSettings.model_validate(
        {"simulate_start": START, "simulate_speed": "max", "simulate_run_s": 60, "simulate_rate": 50} | values
    )


def run(simulate: Simulate, cursors: dict[str, str], stop_after: int | None = None) -> list[dict[str, Any]]:
    """One run as the runner would, storing the cursors."""
    stop = Event()
    posts: list[dict[str, Any]] = []
    for number, batch in enumerate(simulate.collect(simulate.sources()[0], cursors, stop), 1):
        posts += [dict(item.record) for item in batch.items if isinstance(item, Item)]
        cursors.update((cursor.source, cursor.value) for cursor in batch.cursors)
        if number == stop_after:
            stop.set()
    return posts


def first_posts(simulate: Simulate, cursors: dict[str, str]) -> list[dict[str, Any]]:
    """Run after run, until there are posts: a process may be kept from the processor for longer than a run."""
    deadline = time.monotonic() + 60
    while not (posts := run(simulate, cursors)):
        assert time.monotonic() < deadline, "no post in a minute"
    return posts


def content(posts: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(post["id"], post["text"], post["published_at"]) for post in posts]


def test_the_same_plan_and_minute_write_the_same_posts() -> None:
    assert minute_of(Writer(plan()), MINUTE) == minute_of(Writer(plan()), MINUTE)


@pytest.mark.parametrize("other", [plan(seed=2), plan(rate=30), plan(rhythm=True), plan(burst_minutes=20)])
def test_another_plan_writes_other_posts_under_other_ids(other: Plan) -> None:
    here = {post["id"] for post in minute_of(Writer(plan()), MINUTE)}
    there = {post["id"] for post in minute_of(Writer(other), MINUTE)}
    assert here
    assert there
    assert not here & there


def test_posts_are_whole_in_order_and_unique() -> None:
    codec, writer = Codec(PinnedIds()), Writer(plan())
    posts = [post for minute in range(MINUTE, MINUTE + 6) for post in minute_of(writer, minute)]
    assert len({post["id"] for post in posts}) == len(posts)
    assert all(one["event_at"] <= two["event_at"] for one, two in pairwise(posts))
    assert all(MINUTE * MINUTE_MS <= post["event_at"] < (MINUTE + 6) * MINUTE_MS for post in posts)
    for post in islice(posts, 500):
        assert codec.decode(codec.encode("post", post)).record == post
    assert {post["platform"] for post in posts} == {platform.name for platform in PLATFORMS}
    assert {post["lang"] for post in posts} == {"id", "en"}
    assert {post["kind"] for post in posts} == {"article", "post", "comment", "video"}
    assert {"BBCA.JK", "GOTO.JK", "AAPL"} <= {symbol for post in posts for symbol in post["symbols"]}
    assert any("#" in post["text"] for post in posts)
    assert any("$BBRI.JK" in post["text"] for post in posts)


def test_the_rate_is_the_mean_outside_bursts() -> None:
    quiet = [minute for minute in range(MINUTE, MINUTE + 8) if plan().weights(minute)[2] is None]
    written = sum(1 for minute in quiet for _ in minute_of(Writer(plan()), minute))
    assert written == pytest.approx(20 * 60 * len(quiet), rel=0.05)


def test_the_rhythm_keeps_the_mean_of_a_day_and_sleeps_at_night() -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)
    first = round(day.timestamp()) // 60
    rhythmic, flat = plan(rhythm=True), plan()
    ratio = [rhythmic.weights(first + m)[0] / flat.weights(first + m)[0] for m in range(24 * 60)]
    assert sum(ratio) / len(ratio) == pytest.approx(1, abs=0.01)
    assert ratio[20 * 60] < 0.2  # 03:00 in Jakarta
    assert ratio[13 * 60] > 1.4  # 20:00 in Jakarta


def test_headlines_are_reprinted_and_posts_are_repeated_and_answered() -> None:
    posts = [post for minute in range(MINUTE, MINUTE + 6) for post in minute_of(Writer(plan()), minute)]
    news = Counter(post["text"] for post in posts if post["platform"] == "news")
    assert news.most_common(1)[0][1] > 1
    assert any(post["text"].startswith("RT @") for post in posts if post["platform"] == "x")
    known = {post["id"] for post in posts}
    comments = [post for post in posts if post["kind"] == "comment"]
    assert comments
    assert all(post["parent_id"] in known for post in comments)


def test_few_authors_write_much() -> None:
    posts = [post for minute in range(MINUTE, MINUTE + 4) for post in minute_of(Writer(plan()), minute)]
    wrote = [count for _, count in Counter(post["author_id"] for post in posts).most_common()]
    assert sum(wrote[: len(wrote) // 10]) > 0.4 * sum(wrote)
    assert wrote[0] < 0.1 * sum(wrote)


def test_every_slot_has_its_burst_and_the_plan_is_the_seed_s() -> None:
    start, hours = MINUTE // 60 * 60 * MINUTE_MS, 5
    end = start + hours * 60 * MINUTE_MS
    bursts = list(plan().bursts(start, end))
    assert len(bursts) == hours * 6
    assert bursts == list(plan(rate=1).bursts(start, end))
    assert bursts != list(plan(seed=2).bursts(start, end))
    assert all(one.end <= two.start for one, two in pairwise(bursts))
    assert all(2 <= (burst.end - burst.start) // MINUTE_MS <= 4 for burst in bursts)


def test_a_burst_multiplies_its_subject_and_nothing_else() -> None:
    writer, start = Writer(plan()), MINUTE * MINUTE_MS
    burst = next(iter(plan().bursts(start, start + 60 * MINUTE_MS)))
    tags = {f"#{tag}" for tag in burst.subject.hashtags}
    other = next(
        one for one in subjects() if one.slug == ("rupiah" if burst.subject.slug != "rupiah" else "ihsg")
    )

    def tagged(minutes: range, wanted: set[str]) -> float:
        hits = (post for m in minutes for post in minute_of(writer, m) if wanted & set(post["text"].split()))
        return sum(1 for _ in hits) / len(minutes)

    first, last = burst.start // MINUTE_MS, burst.end // MINUTE_MS
    before = range(first - 4, first)
    during = range(first, last)
    quiet = [m for m in before if plan().weights(m)[2] is None]
    assert quiet
    assert tagged(during, tags) > 6 * tagged(range(quiet[-1], quiet[-1] + 1), tags) > 0
    others = {f"#{tag}" for tag in other.hashtags}
    assert tagged(during, others) < 2 * tagged(range(quiet[-1], quiet[-1] + 1), others)


def test_every_phrase_can_be_written_and_every_subject_is_watched_for() -> None:
    texts = [seed.text.casefold() for seed in read_seeds(KEYWORDS, "keywords", KeywordSeed)]
    assert 40 <= len(texts) <= 60
    assert len(set(texts)) == len(texts)
    for subject in subjects():
        for name in subject.names["id"]:
            assert any(text in name.casefold() for text in texts), name
    for language in ("id", "en"):
        for way in ("headline", "talk"):
            for kind in ("public", "market"):
                for feeling in FEELINGS:
                    for template in phrases()[language][way][kind][feeling]:
                        assert "N" in template.format(name="N", place="P", number=1, percent="1")


def test_a_start_is_reproduced_and_goes_on_after_its_cursor() -> None:
    whole = run(Simulate(settings(simulate_limit=3500)), {})
    assert len(whole) == 3500
    assert whole[0]["published_at"] >= round(START.timestamp() * 1000)
    cursors: dict[str, str] = {}
    before = run(Simulate(settings()), cursors, stop_after=2)
    assert 0 < len(before) < 3500
    after = run(Simulate(settings(simulate_limit=3500 - len(before))), cursors)
    assert content(before) + content(after) == content(whole)


def test_runs_of_one_process_go_on_without_a_gap() -> None:
    whole = run(Simulate(settings(simulate_limit=2500)), {})
    simulate = Simulate(settings(simulate_limit=2500, simulate_run_s=0.02))
    cursors: dict[str, str] = {}
    posts: list[dict[str, Any]] = []
    runs = 0
    while simulate.next_run_s("") is not None:
        posts += run(simulate, cursors)
        runs += 1
    assert runs > 1
    assert content(posts) == content(whole)


def test_a_run_that_failed_begins_again_at_the_stored_cursor() -> None:
    simulate = Simulate(settings())
    cursors: dict[str, str] = {}
    first = run(simulate, cursors, stop_after=1)
    kept = dict(cursors)
    second = run(simulate, dict(kept), stop_after=1)
    assert second[0]["id"] != first[0]["id"]
    again = run(simulate, dict(kept), stop_after=1)
    assert content(again)[:100] == content(second)[:100]


def test_a_duration_ends_it() -> None:
    simulate = Simulate(settings(simulate_duration_s=30))
    posts = run(simulate, {})
    assert simulate.next_run_s("") is None
    start = round(START.timestamp() * 1000)
    assert start <= posts[0]["published_at"] <= posts[-1]["published_at"] < start + 30_000


def test_live_posts_come_when_they_are_due_and_none_before_the_start_of_the_process() -> None:
    began = now_ms()
    simulate = build(settings(simulate_start=None, simulate_speed=1, simulate_rate=200, simulate_run_s=0.5))
    cursors: dict[str, str] = {}
    posts = first_posts(simulate, cursors)
    for post in posts:
        assert began <= post["published_at"] <= post["collected_at"]
        assert post["event_at"] == post["published_at"]
    later = build(settings(simulate_start=None, simulate_speed=1, simulate_rate=200, simulate_run_s=0.5))
    more = first_posts(later, cursors)
    assert more[0]["published_at"] >= posts[-1]["published_at"]
    assert not {post["id"] for post in posts} & {post["id"] for post in more}


def test_live_runs_that_are_too_short_to_write_anything_get_there_together() -> None:
    """Writing the first posts may take longer than a run: the next one goes on with them, and does not begin anew."""
    began = now_ms()
    simulate = build(settings(simulate_start=None, simulate_speed=1, simulate_rate=200, simulate_run_s=0.001))
    posts = first_posts(simulate, {})
    assert began <= posts[0]["published_at"]


def test_a_live_run_whose_posts_were_not_stored_writes_them_again() -> None:
    simulate = build(settings(simulate_start=None, simulate_speed=1, simulate_rate=200, simulate_run_s=0.5))
    lost = first_posts(simulate, {})
    again = first_posts(simulate, {})
    assert content(again)[0] == content(lost)[0]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"simulate_start": None}, "needs DENYUT_SIMULATE_START"),
        ({"simulate_speed": 0}, "number above 0"),
        ({"simulate_start": datetime(2026, 1, 1)}, "names no time zone"),  # noqa: DTZ001 -- the point of it
    ],
)
def test_settings_that_cannot_work_are_named(values: dict[str, Any], told: str) -> None:
    with pytest.raises(Fatal, match=told):
        Simulate(settings(**values))


ASKS = {"facebook", "instagram", "newsapi", "reddit", "webhook", "x", "youtube"}
"""Collectors that need a credential, or to be told what to read."""


def test_every_registered_collector_can_be_built_and_checked() -> None:
    for name, entry in COLLECTORS.items():
        assert entry.module.startswith("producers.collectors.")
        if name in ASKS:
            with pytest.raises(Fatal, match="DENYUT_"):
                build_named(name, settings())
            continue
        collector = build_named(name, settings())
        assert collector.name == name
        assert collector.check()
        assert collector.sources()
    with pytest.raises(Fatal, match="no collector is called 'nope'"):
        build_named("nope", settings())
