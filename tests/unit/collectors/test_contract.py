"""The contract of all collectors that read the outside world: every way in which it goes wrong ends in the right state.

Each is driven as the runner drives it, over HTTP, against a server of its own (tests/support/upstreams/). What runner and
Kafka add, tests/integration/ shows.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from api.sources import Limits, Seen, State, state_of
from producers.base import Lasting
from producers.clock import AHEAD_MS
from producers.registry import COLLECTORS
from producers.settings import ProducerSettings
from schemas.errors import Backpressure
from schemas.events import Run
from tests.support.upstreams import Fault, Upstream
from tests.support.upstreams.impatient import IMPATIENT
from tests.support.upstreams.outcome import Driver, Outcome
from tests.support.upstreams.registry import EXEMPT, UPSTREAMS

HOUR = 3_600_000
LIMITS = Limits(late=HOUR, enriched=HOUR, quiet=6 * HOUR)
ALWAYS = 1_000
"""More answers than any run asks for."""
SLOWEST_S = 30
"""Many times what an impatient collector allows, also where others keep the machine busy."""
WITHOUT_A_LOGIN = ("kaskus", "rss", "sites", "yahoo")


@pytest.fixture(params=sorted(UPSTREAMS))
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    server = UPSTREAMS[request.param]()
    try:
        yield server
    finally:
        server.close()


def driver(upstream: Upstream, cursors: dict[str, str] | None = None, *, impatient: bool = False) -> Driver:
    """A collector that has just been started, with what an earlier one stored."""
    found = {**upstream.settings(), **(IMPATIENT if impatient else {})}
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in found.items()}
    return Driver(upstream.build(ProducerSettings.model_validate(given)), dict(cursors or {}), upstream.topic)


def state(run: Run, *, later: int = 0) -> State:
    """What /api/v1/sources says of a source after this run, so many milliseconds later."""
    seen = Seen(run["outcome"], run["ended_at"], [run["started_at"]], run["newest_item_at"], None)
    return state_of(seen, LIMITS, run["ended_at"] + later)[0]


def asked_once(upstream: Upstream, since: int = 0) -> bool:
    """Whether nothing was asked for again."""
    asked = Counter((one.path, *sorted(one.query.items())) for one in list(upstream.requests)[since:])
    return max(asked.values(), default=0) <= 1


def everything(found: Driver, runs: int = 20) -> list[Outcome]:
    """Runs until one brings nothing more."""
    outcomes: list[Outcome] = []
    while len(outcomes) < runs and (not outcomes or outcomes[-1].published):
        outcomes.append(found.run())
        assert outcomes[-1].problem is None, outcomes[-1].run
    assert not outcomes[-1].published, "it comes to an end"
    return outcomes


def test_every_collector_that_reads_the_outside_world_is_held_to_this() -> None:
    assert set(COLLECTORS) == set(UPSTREAMS) | set(EXEMPT)
    assert not set(UPSTREAMS) & set(EXEMPT)
    assert all(EXEMPT.values()), "with a reason"


def test_what_is_published_is_told_once_oldest_first(upstream: Upstream) -> None:
    expected = upstream.publish(3)
    found = driver(upstream)
    assert found.collector.name == upstream.name
    first, *more = everything(found)
    assert [*first.ids, *(one for later in more for one in later.ids)] == expected
    assert first.run["outcome"] == "ok"
    assert first.run["published"] == len(first.published)
    assert not first.refused
    assert all(one["collector"] == upstream.name for one in first.published)
    assert all(one["text"] if upstream.topic == "posts" else one["price"] > 0 for one in first.published)
    again = found.run()
    assert (again.run["outcome"], again.published, again.refused) == ("empty", [], [])
    later = upstream.publish(2)
    assert [one for run in everything(found) for one in run.ids] == later


def test_more_than_one_page_is_read_to_its_end(upstream: Upstream) -> None:
    upstream.publish(1)
    found = driver(upstream)
    everything(found)
    expected = upstream.publish(7)
    ids = [one for run in everything(found) for one in run.ids]
    assert sorted(ids) == sorted(expected), "nothing lost, nothing twice"


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ("401", {"auth"}),
        ("403", {"auth", "error"}),
        ("404", {"error"}),
        ("429", {"throttled"}),
        ("429-retry-after", {"throttled"}),
        ("500", {"error"}),
        ("empty", {"error"}),
        ("slow", {"error"}),
        ("cut", {"error"}),
        ("malformed", {"error"}),
    ],
)
def test_a_failure_is_told_as_one_and_nothing_is_lost_by_it(
    upstream: Upstream, fault: Fault, outcomes: set[str]
) -> None:
    expected = upstream.publish(2)
    found = driver(upstream, impatient=fault == "slow")
    upstream.fault(fault, ALWAYS)
    before = len(upstream.requests)
    began = time.monotonic()
    failed = found.run()
    assert time.monotonic() - began < SLOWEST_S, "it keeps to its limits"
    assert failed.run["outcome"] in outcomes, failed.run
    assert failed.run["error"], "with the reason"
    assert state(failed.run) == ("throttled" if outcomes == {"throttled"} else "broken")
    assert not failed.published
    assert len(upstream.requests) > before
    assert asked_once(upstream, before), "never again at once"
    upstream.fault(fault, 0)
    whole = driver(upstream, found.cursors)
    assert [one for run in everything(whole) for one in run.ids] == expected


def test_a_throttled_source_is_left_alone_for_as_long_as_it_asks(upstream: Upstream) -> None:
    upstream.publish(1)
    upstream.fault("429-retry-after", ALWAYS, seconds=77)
    problem = driver(upstream).run().problem
    assert isinstance(problem, Backpressure)
    assert 70 <= problem.retry_after <= 78


def test_without_a_time_it_is_left_alone_for_a_while(upstream: Upstream) -> None:
    upstream.publish(1)
    upstream.fault("429", ALWAYS)
    problem = driver(upstream).run().problem
    assert isinstance(problem, Backpressure)
    assert problem.retry_after >= 30


def test_a_refusal_is_tried_again_seldom(upstream: Upstream) -> None:
    upstream.publish(1)
    upstream.fault("401", ALWAYS)
    problem = driver(upstream).run().problem
    assert isinstance(problem, Lasting)
    assert problem.denied
    if upstream.name not in WITHOUT_A_LOGIN:
        assert "DENYUT_" in str(problem), "the setting is named"


def test_a_frozen_source_is_quiet_and_not_well(upstream: Upstream) -> None:
    upstream.publish(2)
    found = driver(upstream)
    runs = everything(found)
    upstream.publish(2)
    upstream.fault("frozen", ALWAYS)
    frozen = found.run()
    assert (frozen.run["outcome"], frozen.published) == ("empty", [])
    newest = runs[0].run["newest_item_at"]
    assert newest is not None
    # A source whose items come well within the limit, and then none: the first run beyond it says so.
    limits = replace(LIMITS, quiet=runs[0].run["ended_at"] - newest + 1)
    fresh = Seen("ok", runs[0].run["ended_at"], [runs[0].run["started_at"]], newest, None)
    assert state_of(fresh, limits, runs[0].run["ended_at"])[0] == "ok"
    ended = frozen.run["ended_at"] + round(
        1_000 * (found.collector.next_run_s(found.collector.sources()[0]) or 0)
    )
    seen = Seen(frozen.run["outcome"], ended, [frozen.run["started_at"]], newest, None)
    assert state_of(seen, limits, ended)[0] == "quiet"


def test_fields_nobody_knows_do_no_harm(upstream: Upstream) -> None:
    expected = upstream.publish(2)
    upstream.fault("drift-unknown", ALWAYS)
    assert [one for run in everything(driver(upstream)) for one in run.ids] == expected


def test_missing_fields_are_never_mistaken_for_silence(upstream: Upstream) -> None:
    upstream.publish(2)
    upstream.fault("drift-missing", ALWAYS)
    drifted = driver(upstream).run()
    assert not drifted.published
    assert drifted.run["outcome"] != "empty", drifted.run
    assert drifted.refused or drifted.run["outcome"] == "error"
    assert all(one.why.detail and one.raw for one in drifted.refused), "dead letters say what and why"


def test_a_clock_that_is_ahead_is_not_believed(upstream: Upstream) -> None:
    expected = upstream.publish(2)
    upstream.fault("skew", ALWAYS)
    runs = everything(driver(upstream))
    told = [one for run in runs for one in run.published]
    assert len(told) == len(expected)
    for one in told:
        said = one["published_at" if upstream.topic == "posts" else "market_time"]
        assert said > one["collected_at"] + AHEAD_MS, "as the source says"
    # A quote has no other time; what a stage believes of it is the stage's (tests/integration/test_market.py).
    if upstream.topic == "posts":
        assert [one["id"] for one in told] == expected
        assert all(one["event_at"] == one["collected_at"] for one in told)
    assert all((run.run["newest_item_at"] or 0) <= run.run["ended_at"] for run in runs), (
        "nor is it fresh for a day"
    )


def test_a_restart_in_the_middle_loses_nothing_and_repeats_only_the_same_ids(upstream: Upstream) -> None:
    upstream.publish(1)
    found = driver(upstream)
    everything(found)
    expected = upstream.publish(7)
    unstored = dict(found.cursors)
    cut = found.run(batches=1)
    assert cut.ids
    assert set(cut.ids) <= set(expected)
    stored = json.loads(json.dumps(found.cursors))
    rest = [one for run in everything(driver(upstream, stored)) for one in run.ids]
    assert sorted([*cut.ids, *rest]) == sorted(expected), "from the cursor: nothing lost, nothing twice"
    again = [one for run in everything(driver(upstream, unstored)) for one in run.ids]
    assert sorted(again) == sorted(expected), "killed before it was stored: the same ids again"


def test_a_cursor_that_cannot_be_read_begins_anew(upstream: Upstream) -> None:
    expected = upstream.publish(2)
    found = driver(upstream)
    everything(found)
    spoilt = dict.fromkeys(found.cursors, "{not json")
    assert [one for run in everything(driver(upstream, spoilt)) for one in run.ids] == expected


def test_what_it_reads_is_said(upstream: Upstream) -> None:
    upstream.publish(1)
    found = driver(upstream)
    assert found.collector.check()
    assert found.collector.reach(2)
    source = found.collector.sources()[0]
    assert (found.collector.next_run_s(source) or 0) > 0
