"""The trends job of this product against other ways to do it, and what each stage takes: events a second, processor time, memory.

`make bench-processors`, or `python -m tests.bench.processors --short --only quix --no-stages`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.control import read_seeds
from deploy.rules import RuleSeed
from deploy.settings import DeploySettings
from tests.bench._contenders import contenders, named, run
from tests.bench._events import partials, told
from tests.bench._quotes import quotes
from tests.bench._stage_costs import Flow
from tests.bench.report import Row, report
from tests.support.broker import OwnBroker
from tests.support.keywords import keyword
from tests.support.quick_bundle import quick_bundle
from tests.support.stages import Feed
from tests.support.topics import make_topics

_SUBJECTS = 1_000
_KEYWORDS = (10, 10_000)
_SCALES = (100, 10_000, 100_000)
_APART_MS = 900_000
"""Between two events: of a hundred subjects one is met again after 25 hours."""
_SLOW = {"faust_agent": 10}
"""Contenders that take one event at a time count a fraction of the events: their rate does not depend on how many there are."""


def main(argv: list[str]) -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.bench.processors", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000, help="that contenders count")
    parser.add_argument("--posts", type=int, default=10_000, help="that flow through the stages")
    parser.add_argument("--scaled", type=int, default=120_000, help="partials for each number of subjects")
    parser.add_argument("--short", action="store_true", help="a fifth of all these")
    parser.add_argument("--only", nargs="*", default=[], help="of the contenders")
    parser.add_argument("--no-contenders", action="store_true")
    parser.add_argument("--no-stages", action="store_true")
    parser.add_argument("--no-scales", action="store_true")
    chosen = parser.parse_args(argv)
    share = 5 if chosen.short else 1
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        folder = Path(name)
        # Nobody kills it, and on busy cores its heartbeats may come late.
        broker = OwnBroker(folder, more="broker.session.timeout.ms=30000\n")
        broker.start(240)
        try:
            if not chosen.no_contenders:
                rows += _contend(broker, folder, chosen.events // share, chosen.only)
            if not chosen.no_stages:
                rows += _stages(broker, folder, chosen.posts // share)
            if not chosen.no_scales:
                rows += _keywords(broker, folder, chosen.posts // share)
                rows += _subjects(broker, folder, chosen.scaled // share)
                rows += _subjects_apart(broker, folder, chosen.scaled // (4 * share))
        finally:
            broker.stop()
    report("processors", rows)
    return 0


def _contend(broker: OwnBroker, folder: Path, events: int, only: list[str]) -> list[Row]:
    source = "counted.partials"
    make_topics(broker.bootstrap, source)
    feed = Feed(broker.bootstrap, "")
    for key, value, at in partials(events, _SUBJECTS):
        feed.raw(source, key, value, timestamp=at)
    feed.flush()
    found, reason = contenders()
    if reason:
        print(reason, file=sys.stderr)
    rows: list[Row] = []
    rates: dict[str, float] = {}
    for one in named(found, only):
        try:
            taken = run(one, broker.bootstrap, folder, source, events // _SLOW.get(one.name, 1))
        except (TimeoutError, RuntimeError) as error:
            # The others are measured all the same; a row that is missing is said to be.
            print(f"{one.name} is left out: {error}", file=sys.stderr)
            continue
        rates[one.name] = taken.events / taken.seconds
        rows += taken.rows(one.name)
    for name, rate in rates.items():
        if name != "denyut" and "denyut" in rates:
            rows.append(Row("denyut", f"times_{name}", rates["denyut"] / rate, "times"))
    return rows


def _stages(broker: OwnBroker, folder: Path, count: int) -> list[Row]:
    """The same posts through one stage after the other."""
    with Flow(broker, "flow.", folder) as flow:
        _put_keywords(flow, 100)
        seeds = read_seeds(DeploySettings().rules_file, "rules", RuleSeed)
        flow.feed.send("rules", [(seed.id, seed.record(1, None)) for seed in seeds])
        flow.feed.send("posts", [(post["id"], post) for post in told(count)])
        flow.feed.send("quotes", ((one["symbol"], one) for one in quotes(count * 10, 100, 1_000)))
        stages: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("enrich", "posts", {"sentiment_bundle": quick_bundle()}),
            ("stories", "fingerprints", {}),
            ("topics", "story-turns", {}),
            ("influencers", "author-partials", {}),
            ("trends", "partials", {"idle_close_s": 1}),
            ("market", "quotes", {}),
            ("alerts", "trends", {}),
        )
        rows: list[Row] = []
        for stage, topic, settings in stages:
            rows += flow.run(stage, topic, **settings).rows(f"denyut@{stage}")
        return rows


def _keywords(broker: OwnBroker, folder: Path, count: int) -> list[Row]:
    """`enrich` with ever more keywords, of which ten can be met."""
    rows: list[Row] = []
    for number in _KEYWORDS:
        with Flow(broker, f"keywords{number}.", folder) as flow:
            _put_keywords(flow, number)
            flow.feed.send("posts", [(post["id"], post) for post in told(count)])
            finished = flow.run("enrich", "posts", sentiment_bundle=quick_bundle())
            rows += finished.rows(f"denyut@enrich_{number}_keywords")
    return rows


def _put_keywords(flow: Flow, number: int) -> None:
    """Ten words of which the posts are made, and words that they do not have."""
    words = sorted(
        {word for post in told(50) for word in post["text"].split() if word.isalpha() and len(word) > 4}
    )
    texts: Iterable[str] = [*words[:10], *(f"kata kunci {one}" for one in range(number - 10))]
    flow.feed.send("keywords", [(text, keyword(text.replace(" ", "-"), text=text)) for text in texts])


def _subjects(broker: OwnBroker, folder: Path, count: int) -> list[Row]:
    """`trends` with ever more subjects, of which any may come next."""
    rows: list[Row] = []
    for number in _SCALES:
        with Flow(broker, f"subjects{number}.", folder) as flow:
            flow.put("partials", partials(count, number))
            finished = flow.run("trends", "partials", idle_close_s=1)
            rows += finished.rows(f"denyut@trends_{number}_subjects")
    return rows


def _subjects_apart(broker: OwnBroker, folder: Path, count: int) -> list[Row]:
    """The same where each event opens windows of its own whatever the number of subjects: in turn, and so far apart in time that none share one.

    The work of an event is the same then, and only the number of subjects differs.
    """
    rows: list[Row] = []
    for number in _SCALES:
        with Flow(broker, f"apart{number}.", folder) as flow:
            flow.put("partials", partials(count, number, count * _APART_MS, in_turn=True))
            finished = flow.run("trends", "partials", idle_close_s=1)
            rows += finished.rows(f"denyut@trends_{number}_subjects_apart")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
