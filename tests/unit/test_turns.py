"""Which partition cuts its range next, and when."""

from concurrent.futures import Future

from schemas.positions import Owed
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.lane import Lane
from sinks.clickhouse.turns import cut_next
from sinks.ranges import Limits, Positions
from sinks.records import Chunk
from tests.support.direct import Record

LANDED = Landed("mentions", "mentions", "id", "mention", "mentions")
LIMITS = Limits(rows=1000, size=1 << 20, linger_s=1.0)


def lane(partition: int, *stored: Owed, opened: bool = True) -> Lane:
    return Lane(LANDED, partition, Positions(0, LIMITS, list(stored)), 0, stored, opened=opened)


def read(into: Lane, first: int, count: int, now: float) -> None:
    into.positions.read(Chunk.of([Record(at, b"x") for at in range(first, first + count)]), now)


def rows(of: Lane) -> int:
    return len(of.current.records) if of.current is not None else 0


def test_who_has_waited_longest_is_first_and_what_comes_meanwhile_goes_along() -> None:
    lanes = [lane(0), lane(1), lane(2)]
    for number, since in ((2, 0.0), (0, 0.1), (1, 0.2)):
        read(lanes[number], 0, 10, since)
    cut_next(lanes, 1, 5.0, flush=False)
    assert [rows(one) for one in lanes] == [0, 0, 10]
    lanes[2].work = Future()
    read(lanes[0], 10, 30, 5.0)
    cut_next(lanes, 1, 6.0, flush=False)
    assert [rows(one) for one in lanes] == [0, 0, 10], "no slot is free"
    lanes[2].work.set_result(())
    lanes[2].finish(6.0, 1.0)
    cut_next(lanes, 1, 6.0, flush=False)
    assert [rows(one) for one in lanes] == [40, 0, 0]


def test_what_was_stored_goes_before_what_has_waited_longer() -> None:
    replayed, waiting = lane(0, Owed(0, 5)), lane(1)
    read(waiting, 0, 5, 0.0)
    read(replayed, 0, 8, 3.0)
    cut_next([waiting, replayed], 1, 9.0, flush=False)
    assert replayed.current is not None
    assert (replayed.current.owed, replayed.current.replay, waiting.current) == (Owed(0, 5), True, None)


def test_a_lane_that_waits_to_try_again_takes_no_slot() -> None:
    refused, other = lane(0), lane(1)
    for one in (refused, other):
        read(one, 0, 5, 0.0)
    cut_next([refused], 1, 2.0, flush=False)
    refused.not_before = 60.0
    cut_next([refused, other], 1, 2.0, flush=False)
    assert (rows(refused), rows(other)) == (5, 5)


def test_nothing_waits_for_more_where_nothing_more_is_read() -> None:
    one, closed = lane(0), lane(1, opened=False)
    for of in (one, closed):
        read(of, 0, 5, 0.0)
    cut_next([one, closed], 2, 0.1, flush=False)
    assert rows(one) == 0
    cut_next([one, closed], 2, 0.1, flush=True)
    assert (rows(one), rows(closed)) == (5, 0)


def test_markers_of_transactions_are_passed_by_also_where_no_slot_is_free() -> None:
    busy, idle = lane(0), lane(1)
    busy.work = Future()
    idle.positions.reached(7)
    cut_next([busy, idle], 1, 1.0, flush=False)
    read(idle, 7, 2, 1.0)
    busy.work = None
    cut_next([busy, idle], 1, 9.0, flush=False)
    assert idle.current is not None
    assert (idle.current.start, idle.current.end) == (7, 9)
