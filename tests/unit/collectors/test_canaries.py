"""Canaries: an answer that must not be empty is ok, and an error where it is; nothing of it is published."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.base import Collector, Lasting
from producers.canaries.load import load_canaries
from producers.canaries.turns import of_the_hour
from producers.canaries.watched import Singing, Watched, watched
from producers.registry import COLLECTORS
from producers.settings import ProducerSettings
from schemas.canary import CANARY
from schemas.errors import Fatal
from tests.support.upstreams import Upstream
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.registry import UPSTREAMS
from tests.support.upstreams.yahoo import SYMBOLS

ASKED = {name: one.query for name, one in load_canaries(None).items() if one.query is not None}
KNOWN = {"yahoo": SYMBOLS[0], "youtube": ""}
"""What the local servers know, where that is not what the real ones do; '': what was published."""


@pytest.fixture(params=sorted(ASKED))
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    server = UPSTREAMS[request.param]()
    yield server
    server.close()


def collector(upstream: Upstream) -> Collector:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in upstream.settings().items()}
    return upstream.build(ProducerSettings.model_validate(given))


def test_every_collector_has_a_canary_or_a_reason() -> None:
    assert set(load_canaries(None)) == set(COLLECTORS)
    assert set(ASKED) <= set(UPSTREAMS)


def test_an_answer_is_ok_and_an_empty_one_an_error(upstream: Upstream) -> None:
    made = collector(upstream)
    assert isinstance(made, Singing)
    [identity] = upstream.publish(1)
    query = KNOWN.get(upstream.name, ASKED[upstream.name]) or identity.partition(":")[2]
    found = Driver(Watched(made, made, query, 3_600), topic=upstream.topic)
    assert found.collector.sources() == [*made.sources(), CANARY]
    assert found.collector.next_run_s(CANARY) == 3_600
    ran = found.run(CANARY)
    assert (ran.run["outcome"], ran.run["published"], ran.published) == ("ok", 0, [])
    assert ran.run["items"] > 0
    assert not found.cursors, "it leaves no trace"
    assert found.run().ids == [identity], "nor takes anything from the collector"

    nothing = UPSTREAMS[upstream.name]()
    try:
        bare = collector(nothing)
        assert isinstance(bare, Singing)
        problem = Driver(Watched(bare, bare, query, 3_600)).run(CANARY).problem
    finally:
        nothing.close()
    assert isinstance(problem, Lasting)
    assert "empty" in str(problem)


def test_canaries_can_be_switched_off_and_replaced(tmp_path: Path) -> None:
    server = UPSTREAMS["rss"]()
    try:
        made = collector(server)
        assert watched(made, ProducerSettings(canary_s=0)) is made
        assert isinstance(watched(made, ProducerSettings()), Watched)
        own = tmp_path / "canaries.toml"
        own.write_text('[rss]\nwhy = "not mine"\n')
        assert watched(made, ProducerSettings(canaries=own)) is made
    finally:
        server.close()
    for text, told in (
        ("[rss]\n", "either"),
        ("x", "TOML"),
        ('[rss]\nquery="a"\nmood="b"\n', "rss.mood"),
    ):
        own.write_text(text)
        with pytest.raises(Fatal, match=told):
            load_canaries(own)
    with pytest.raises(Fatal, match="cannot read"):
        load_canaries(tmp_path / "none.toml")


def test_each_hour_is_the_next_ones_turn() -> None:
    hours = [of_the_hour("abc", now=3_600_000 * hour + 5) for hour in range(4)]
    assert hours == ["a", "b", "c", "a"]
