"""What a lane does when: batches at once where it is behind, lingering where it is not, ticks when it is quiet."""

from typing import Any

from aiokafka import TopicPartition

from processors.batching.schedule import ADVANCE_S, Advance, Input, Run, Tick, Wait, next_step
from tests.unit.test_batching_admission import Read

RULES: dict[str, Any] = {"linger_s": 0.03, "max_records": 10, "tick_at": None}


def filled(count: int, *, at_end: bool, since: float = 100.0, topic: str = "t") -> Input:
    waiting = Input(TopicPartition(topic, 0), 50, 50)
    waiting.accept([Read(50 + number) for number in range(count)], 50 + count, at_end, since)
    return waiting


def test_nothing_waits_for_ever() -> None:
    assert next_step([filled(0, at_end=True)], 100, **RULES) == Wait(None)


def test_a_lane_that_is_behind_runs_at_once() -> None:
    waiting = filled(1, at_end=False)
    assert next_step([waiting], 100.0, **RULES) == Run(waiting)


def test_what_comes_after_a_silence_runs_at_once() -> None:
    waiting = filled(1, at_end=True)
    assert next_step([waiting], 100.0, **RULES) == Run(waiting)


def test_what_follows_a_batch_lingers() -> None:
    waiting = filled(1, at_end=True, since=99.0)
    waiting.take(10, 100.0)
    waiting.accept([Read(51)], 52, at_end=True, now=100.005)
    step = next_step([waiting], 100.01, **RULES)
    assert isinstance(step, Wait)
    assert step.seconds is not None
    assert abs(step.seconds - 0.02) < 1e-9
    assert next_step([waiting], 100.031, **RULES) == Run(waiting)


def test_a_full_batch_does_not_linger() -> None:
    waiting = filled(1, at_end=True, since=99.0)
    waiting.take(10, 100.0)
    waiting.accept([Read(51 + number) for number in range(10)], 61, at_end=True, now=100.0)
    assert next_step([waiting], 100.0, **RULES) == Run(waiting)


def test_an_input_does_not_linger_for_the_batch_of_another() -> None:
    busy, fresh = filled(1, at_end=True, since=99.0), filled(1, at_end=True, since=100.001, topic="u")
    busy.take(10, 100.0)
    busy.accept([Read(51)], 52, at_end=True, now=100.0)
    assert next_step([busy, fresh], 100.002, **RULES) == Run(fresh)
    fresh.take(10, 100.002)
    assert isinstance(next_step([busy, fresh], 100.003, **RULES), Wait)
    assert next_step([busy, fresh], 100.031, **RULES) == Run(busy)


def test_markers_alone_are_committed_after_a_while() -> None:
    waiting = Input(TopicPartition("t", 0), 50, 50)
    waiting.accept([], 51, at_end=True, now=100.0)
    assert isinstance(next_step([waiting], 100.1, **RULES), Wait)
    assert next_step([waiting], 100.0 + ADVANCE_S, **RULES) == Advance(waiting)


def test_a_tick_waits_for_quiet() -> None:
    rules = {**RULES, "tick_at": 99.0}
    waiting = filled(1, at_end=True, since=99.0)
    waiting.take(10, 100.0)
    assert next_step([waiting], 100.0, **rules) == Tick()
    waiting.accept([Read(51)], 52, at_end=True, now=100.0)
    assert isinstance(next_step([waiting], 100.0, **rules), Wait)


def test_the_input_that_is_due_longest_comes_first() -> None:
    late, early = filled(1, at_end=False, since=100.0), filled(1, at_end=False, since=99.0, topic="u")
    assert next_step([late, early], 101.0, **RULES) == Run(early)


def test_taking_leaves_ranges_that_tile() -> None:
    waiting = filled(25, at_end=True)
    waiting.accept([], 80, at_end=True, now=100.0)
    ranges = []
    while waiting.buffer:
        records, start, end, caught_up = waiting.take(10, 101.0)
        ranges.append((records[0].offset, start, end, caught_up))
    assert ranges == [(50, 50, 60, False), (60, 60, 70, False), (70, 70, 80, True)]
