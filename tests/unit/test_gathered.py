"""What a trial of all collectors would not overlook."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.gathered import Life, Met, Verdict, compared, fate

KILLED, ENDED = Life(0, 100_000, killed=True), Life(0, 100_000, killed=False)


def run(began: int, ended: int, outcome: str = "error", **more: Any) -> dict[str, Any]:
    told = {"collector": "rss", "source": "kabar", "started_at": began, "ended_at": ended, "outcome": outcome}
    return {**told, "error": None if outcome in ("ok", "empty") else "why", **more}


@pytest.mark.parametrize(
    ("met", "runs", "life", "expected"),
    [
        (Met("rss", "500", 90_000), [run(89_000, 91_000)], KILLED, "told"),
        (Met("rss", "500", 90_000), [run(89_000, 91_000, "ok")], KILLED, "untold"),
        (Met("rss", "500", 90_000), [run(89_000, 91_000, "throttled")], KILLED, "untold"),
        (Met("rss", "401", 90_000), [run(89_000, 91_000, "auth")], KILLED, "told"),
        (Met("rss", "429", 90_000), [run(89_000, 91_000, "throttled")], KILLED, "told"),
        (Met("rss", "500", 90_000), [run(89_000, 91_000, collector="x")], ENDED, "untold"),
        (Met("rss", "500", 90_000), [run(80_000, 89_000)], KILLED, "cut_off"),
        (Met("rss", "500", 90_000), [run(80_000, 89_000)], ENDED, "untold"),
        (Met("rss", "500", 90_000), [run(91_000, 92_000)], KILLED, "untold"),
        (Met("rss", "500", 90_000), [run(101_000, 102_000)], KILLED, "cut_off"),
        (Met("rss", "500", 30_000), [], KILLED, "untold"),
        (Met("rss", "slow", 90_000), [run(89_000, 91_000, "empty", error="stopped: why")], ENDED, "cut_off"),
        (Met("rss", "500", 900_000), [], KILLED, "untold"),
        (Met("rss", "frozen", 90_000), [run(89_000, 91_000, "empty")], KILLED, "told"),
        (Met("rss", "500", 90_000, part=True), [run(89_000, 91_000, "ok", error="one left")], KILLED, "told"),
        (Met("rss", "500", 90_000, part=True), [run(89_000, 91_000, "ok")], ENDED, "untold"),
        (Met("x", "500", 90_000), [run(89_000, 99_000, collector="x", source="stream")], ENDED, "untold"),
        (
            Met("x", "500", 9_000, stream=True),
            [run(8_000, 9_900, collector="x", source="stream")],
            ENDED,
            "told",
        ),
    ],
)
def test_a_fault_is_told_of_or_its_run_was_killed(
    met: Met, runs: list[dict[str, Any]], life: Life, expected: str
) -> None:
    assert fate(met, runs, [life]) == expected


def test_what_is_missing_doubled_or_strange_is_named() -> None:
    assert compared(["a", "b", "c"], ["a", "c", "b"]) == ([], [], [])
    assert compared(["a", "b", "c"], ["a", "c", "c", "d"]) == (["b"], ["c"], ["d"])


def test_a_verdict_is_exact_only_where_nothing_differs() -> None:
    good = Verdict({"rss": 3}, 4, [], [], [], {"500": 1}, 1, [], {"ok": 3}, 2, 0, 0, 1, 0)
    assert good.exact
    assert not replace(good, missing=["a"]).exact
    assert not replace(good, doubled=["a"]).exact
    assert not replace(good, strange=["a"]).exact
    assert not replace(good, untold=[Met("rss", "500", 1)]).exact
    assert not replace(good, ended_by_itself=1).exact
    assert not replace(good, forged=1).exact
