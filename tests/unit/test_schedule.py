"""When sources are due: jitter, back-off, and that throttling is never cut short."""

import pytest

from producers.base import Lasting
from producers.schedule import Schedule, backoff_s
from schemas.errors import Backpressure, Retryable


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_an_ordinary_failure_backs_off_to_the_longest(chance: float) -> None:
    waits = [backoff_s(Retryable(""), failures, 120, lambda: chance) for failures in range(1, 2_000)]
    assert waits == sorted(waits)
    assert 1 <= waits[0] <= 2
    assert 60 <= waits[-1] <= 120


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_throttling_waits_at_least_what_was_asked_and_longer_each_time(chance: float) -> None:
    waits = [
        backoff_s(Backpressure("", retry_after=60), failures, 120, lambda: chance)
        for failures in range(1, 2_000)
    ]
    assert waits == sorted(waits)
    assert waits[0] >= 60
    assert waits[1] >= 120
    assert 3_600 <= waits[-1] <= 4_500
    assert backoff_s(Backpressure("", retry_after=86_400), 1, 120, lambda: chance) >= 86_400


def test_what_somebody_must_mend_is_tried_seldom() -> None:
    assert backoff_s(Lasting(""), 1, 120, lambda: 0.0) == 450
    assert backoff_s(Lasting(""), 99, 120, lambda: 0.999) == pytest.approx(21_600, rel=0.01)


def test_sources_are_due_each_in_its_own_time() -> None:
    schedule = Schedule(["a", "b", "c"], 120, chance=lambda: 0.5)
    assert schedule.due(0) == ["a", "b", "c"]
    for source in ("a", "b", "c"):
        schedule.begin(source)
    assert schedule.next_at() is None
    schedule.succeeded("a", 10, 100)
    wait_s = schedule.failed("b", 10, Retryable(""))
    schedule.succeeded("c", 10, None)
    assert schedule.next_at() == 10 + wait_s
    assert schedule.due(10 + wait_s) == ["b"]
    assert schedule.due(200) == ["b", "a"], "the one that waits longest comes first"


def test_intervals_vary_so_that_sources_spread() -> None:
    late, early = (Schedule(["a"], 120, chance=lambda share=share: share) for share in (0.999, 0.0))  # type: ignore[misc]  # bound now
    for schedule in (late, early):
        schedule.begin("a")
        schedule.succeeded("a", 0, 100)
    assert early.next_at() == 90
    assert late.next_at() == pytest.approx(110, abs=0.1)
