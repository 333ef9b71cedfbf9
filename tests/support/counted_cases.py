"""Stages on trial whose outputs can be counted from what they are told: posts, windows, bars; and alerts as in memory."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from processors.clock import now_ms
from processors.logic.partials import TOTALS, WATERMARK
from schemas.events import Partial
from tests.support.desk import Desk
from tests.support.quick_bundle import quick_bundle
from tests.support.quoting import keyed, prices_of, some_quotes
from tests.support.quoting import truth as bars_of
from tests.support.spikes import RULES, comparable, windows
from tests.support.stage_case import Case, Read, differing, latest, twice
from tests.support.stages import posts
from tests.support.window_truth import WINDOW_MS, found, truth
from tests.support.windows import partial

START = 1_435_708_800_000
_REPEATED = 0.2


def enrich(count: int) -> Case:
    """So many posts, some of them told again a while later."""
    dice = random.Random(11)
    # Of texts that differ, so that none is another one's copy and each is scored.
    made = [{**post, "text": f"{post['text']} {dice.getrandbits(64):x}"} for post in posts(count)]
    told = [(number + dice.uniform(0, 40), post) for number, post in enumerate(made)]
    told += [
        (number + dice.uniform(40, 200), post)
        for number, post in enumerate(made)
        if dice.random() < _REPEATED
    ]
    ids = Counter({str(post["id"]): 1 for post in made})

    def compare(read: Read) -> Iterator[str]:
        for topic, field in (("mentions", "id"), ("fingerprints", "post_id")):
            records = [one for one in read(topic) if one[field]]
            yield from differing(topic, Counter(one[field] for one in records), ids)
        receipts = read("receipts")
        yield from _untiled(receipts)
        counts = {
            name: sum(one[name] for one in receipts) for name in ("mentions", "repeats", "dead_letters")
        }
        yield from differing(
            "receipts", counts, {"mentions": count, "repeats": len(told) - count, "dead_letters": 0}
        )
        partials = [one for one in read("partials") if one["subject_kind"] not in (WATERMARK, TOTALS)]
        yield from differing("partials", _by_minute(partials), _expected_minutes(made))
        authors = sum(one["mentions"] for one in read("author-partials"))
        if authors != count:
            yield f"author-partials: {authors} mentions of {count}"

    return Case(
        stage="enrich",
        topic="posts",
        told=[(str(post["id"]), post) for _, post in sorted(told, key=lambda pair: pair[0])],
        compare=compare,
        settings={"enrich_batch": 20, "sentiment_bundle": quick_bundle()},
        before={"keywords": []},
    )


def _untiled(receipts: list[dict[str, Any]]) -> Iterator[str]:
    """Where receipts leave a hole, or overlap."""
    at: Counter[int] = Counter()
    for one in sorted(receipts, key=lambda one: (one["partition"], one["first_offset"])):
        if one["first_offset"] != at[one["partition"]]:
            yield f"receipts: {one['first_offset']} of partition {one['partition']} follows {at[one['partition']]}"
        at[one["partition"]] = one["last_offset"] + 1


def _by_minute(partials: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    counts: Counter[tuple[str, int]] = Counter()
    for one in partials:
        counts[f"{one['subject_kind']}:{one['subject']}", one["bucket"]] += one["mentions"]
    return counts


def _expected_minutes(made: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    counts: Counter[tuple[str, int]] = Counter()
    for post in made:
        minute = post["event_at"] - post["event_at"] % 60_000
        ticker = str(post["text"]).split(" ", 1)[0].removeprefix("$")
        for subject in ("all:", f"symbol:{ticker}", "hashtag:ihsg"):
            counts[subject, minute] += 1
    return counts


def trends(count: int) -> Case:
    """So many partials of some subjects and platforms from four partitions of posts, in order of time but for a minute."""
    dice, now = random.Random(5), now_ms()
    made: list[Partial] = [
        partial(
            START + (number + dice.randrange(3)) * 20_000,
            dice.choice(["AAPL", "GOOG", "MSFT", "BAC", "XOM"]),
            platform=dice.choice(["x", "news"]),
            mentions=dice.randint(1, 3),
            source_partition=number % 4,
            watermark=START + max(number - 3, 0) * 20_000,
            enriched_at=now,
        )
        for number in range(count)
    ]

    def compare(read: Read) -> Iterator[str]:
        told = read("trends")
        yield from twice("trends", told, "id", "revision")
        last = cast("dict[str, dict[str, Any]]", latest(told, "id"))
        for window in WINDOW_MS:
            yield from differing(f"trends of {window}", found(last, window), truth(made, window))
        if late := sum(one["late"] for one in last.values()):
            yield f"trends: {late} late"
        if not any(one["closed"] for one in last.values()):
            yield "trends: no window was closed"

    return Case(
        stage="trends",
        topic="partials",
        told=[(f"{one['subject_kind']}:{one['subject']}", one) for one in made],
        compare=compare,
        settings={"trends_batch": 25, "publish_s": 0.2},
    )


def market(count: int) -> Case:
    """So many quotes of seven symbols, some read again later."""
    quotes = some_quotes(count, random.Random(8))

    def compare(read: Read) -> Iterator[str]:
        told = read("bars")
        yield from twice("bars", told, "id", "revision")
        last = latest(told, "id")
        yield from differing("bars", {name: prices_of(bar) for name, bar in last.items()}, bars_of(quotes))
        if late := sum(bar["late"] for bar in last.values()):
            yield f"bars: {late} late"

    return Case(
        stage="market",
        topic="quotes",
        told=keyed(quotes),
        compare=compare,
        settings={"market_batch": 20, "market_publish_s": 0.2, "market_idle_s": 2},
        before={"instruments": []},
    )


def alerts(count: int) -> Case:
    """About so many windows, of which some break rules of several kinds."""
    made = windows(max(count // 55, 1))
    desk = Desk(RULES)
    for at in range(0, len(made), 100):
        desk.trends(*made[at : at + 100])

    def compare(read: Read) -> Iterator[str]:
        told = read("alerts")
        yield from twice("alerts", told, "id")
        ours, expected = comparable(told), comparable(desk.alerts)
        yield from differing("alerts", Counter(ours), Counter(expected))

    return Case(
        stage="alerts",
        topic="trends",
        told=[(f"{one['subject_kind']}:{one['subject']}", one) for one in made],
        compare=compare,
        settings={"alerts_batch": 25},
        before={"rules": [(one["id"], one) for one in RULES]},
    )


COUNTED: Mapping[str, Callable[[int], Case]] = {
    "enrich": enrich,
    "trends": trends,
    "market": market,
    "alerts": alerts,
}
"""By stage: the case of so many of what it reads."""
