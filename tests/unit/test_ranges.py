"""Ranges of a partition follow one another, stored ones come again exactly as they were."""

import random
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from schemas.errors import Fatal
from schemas.positions import Owed, pending_ranges, range_metadata
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.lane import Lane
from sinks.ranges import Limits, Positions, Range
from sinks.records import Chunk

LIMITS = Limits(rows=10, size=1000, linger_s=1.0)


@dataclass(frozen=True)
class Record:
    at: int
    size: int = 10

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes:
        return b"x" * self.size

    def key(self) -> bytes:
        return b"k"

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


def chunk(*offsets: int) -> Chunk:
    return Chunk.of([Record(at) for at in offsets])


def offsets(cut: Range | None) -> list[int]:
    assert cut is not None
    return [record.offset for record in cut.records]


def test_nothing_is_cut_before_it_is_full_or_has_waited() -> None:
    positions = Positions(0, LIMITS)
    positions.read(chunk(0), 5.0)
    assert positions.cut(5.9) is None
    cut = positions.cut(6.0)
    assert cut is not None
    assert (cut.start, cut.end, cut.replay) == (0, 1, False)


def test_a_full_batch_is_cut_at_the_limit_of_rows() -> None:
    positions = Positions(0, LIMITS)
    positions.read(chunk(*range(25)), 0.0)
    assert offsets(positions.cut(0.0)) == list(range(10))
    assert offsets(positions.cut(0.0)) == list(range(10, 20))
    assert positions.cut(0.0) is None
    assert offsets(positions.cut(0.0, flush=True)) == list(range(20, 25))


def test_a_batch_is_cut_at_the_limit_of_bytes_but_has_at_least_one_record() -> None:
    positions = Positions(0, LIMITS)
    for at, size in enumerate([2000, 600, 600, 100]):
        positions.read(Chunk.of([Record(at, size)]), 0.0)
    assert offsets(positions.cut(0.0)) == [0]
    assert offsets(positions.cut(0.0)) == [1]
    assert positions.buffered_bytes == 700
    assert offsets(positions.cut(9.0)) == [2, 3]


def test_gaps_of_transaction_markers_belong_to_the_range() -> None:
    positions = Positions(0, LIMITS)
    positions.read(chunk(*(0, 1, 5, 6)), 0.0)
    positions.reached(9)
    cut = positions.cut(2.0)
    assert cut is not None
    assert (cut.start, cut.end) == (0, 9)
    assert positions.idle_end() == 9
    positions.reached(12)
    assert positions.idle_end() == 12
    positions.read(chunk(12), 3.0)
    assert positions.idle_end() is None
    assert positions.cut(4.0) is not None


def test_stored_ranges_come_again_exactly() -> None:
    positions = Positions(100, LIMITS, [Owed(100, 103), Owed(103, 120, (7,))])
    positions.read(chunk(*(100, 101, 102)), 0.0)
    # The end of the first is known to be reached only with its last offset, 102.
    first = positions.cut(0.0)
    assert first is not None
    assert (first.start, first.end, first.replay, len(first.records)) == (100, 103, True, 3)
    positions.read(chunk(*range(103, 118)), 0.0)
    assert positions.cut(99.0) is None, "more than the limit of rows, but stored as one range"
    positions.read(chunk(121), 0.0)
    second = positions.cut(0.0)
    assert second is not None
    assert (second.start, second.end, second.replay, len(second.records)) == (103, 120, True, 15)
    third = positions.cut(99.0)
    assert third is not None
    assert (third.start, third.end, third.replay) == (120, 122, False)
    assert [cut.schemas for cut in (first, second, third)] == [(), (7,), ()]


def test_a_stored_range_that_ends_in_markers_waits_for_the_end_of_the_partition() -> None:
    positions = Positions(0, LIMITS, [Owed(0, 8)])
    positions.read(chunk(3), 0.0)
    assert positions.cut(99.0) is None
    assert positions.idle_end() is None
    positions.reached(8)
    cut = positions.cut(0.0)
    assert cut is not None
    assert (cut.start, cut.end, len(cut.records)) == (0, 8, 1)


@pytest.mark.parametrize("stored", [[Owed(5, 9)], [Owed(0, 4), Owed(5, 9)], [Owed(0, 0)]])
def test_stored_ranges_must_follow_the_committed_offset(stored: list[Owed]) -> None:
    with pytest.raises(Fatal):
        Positions(0, LIMITS, stored)


def test_ranges_tile_whatever_comes() -> None:
    dice = random.Random(5)
    positions = Positions(0, LIMITS)
    at, now, expected = 0, 0.0, 0
    seen: list[int] = []
    sent: list[int] = []
    again: list[Record] = []
    for _ in range(5000):
        now += dice.random() * 0.1
        if dice.random() < 0.9:
            together = []
            for _ in range(dice.choice((1, 1, 2, 7))):
                at += dice.choice((0, 0, 0, 2))
                together.append(Record(at, dice.randint(1, 300)))
                at += 1
            # As after a seek: some of it was read before.
            positions.read(Chunk.of([*again, *together]), now)
            again = together[-2:]
            sent += [record.at for record in together]
        if dice.random() < 0.1:
            positions.reached(at)
        cut = positions.cut(now)
        if cut:
            assert cut.start >= expected
            assert not [offset for offset in sent if expected <= offset < cut.start]
            assert all(cut.start <= record.offset < cut.end for record in cut.records)
            assert len(cut.records) <= LIMITS.rows
            seen += [record.offset for record in cut.records]
            expected = cut.end
    last = positions.cut(now, flush=True)
    while last:
        seen += [record.offset for record in last.records]
        last = positions.cut(now, flush=True)
    assert seen == sent


def test_a_range_that_is_split_is_cut_again_as_its_parts_and_what_follows_stays() -> None:
    positions = Positions(0, LIMITS, [Owed(0, 10), Owed(10, 12)])
    positions.read(chunk(*range(14)), 0.0)
    whole = positions.cut(0.0)
    assert whole is not None
    assert whole.replay
    positions.split(whole, [Owed(0, 4, (1,)), Owed(4, 10, (1, 2))])
    assert positions.replays == [Owed(0, 4, (1,)), Owed(4, 10, (1, 2)), Owed(10, 12)]
    assert not positions.must_read
    first = positions.cut(0.0)
    assert first is not None
    assert (first.owed, first.replay, offsets(first)) == (Owed(0, 4, (1,)), False, [0, 1, 2, 3])
    second = positions.cut(0.0)
    assert second is not None
    positions.split(second, [Owed(4, 5, (2,)), Owed(5, 10, (2,))])
    parts = [positions.cut(9.0) for _ in range(4)]
    assert [(cut.owed, cut.replay, len(cut.records)) for cut in parts if cut] == [
        (Owed(4, 5, (2,)), False, 1),
        (Owed(5, 10, (2,)), False, 5),
        (Owed(10, 12), True, 2),
        (Owed(12, 14), False, 2),
    ]
    assert positions.buffered_bytes == 0


@pytest.mark.parametrize("parts", [[Owed(0, 4)], [Owed(0, 4), Owed(5, 10)], [Owed(0, 4), Owed(4, 11)]])
def test_parts_must_make_up_their_range(parts: list[Owed]) -> None:
    positions = Positions(0, LIMITS)
    positions.read(chunk(*range(10)), 0.0)
    whole = positions.cut(0.0)
    assert whole is not None
    with pytest.raises(Fatal):
        positions.split(whole, parts)


def test_what_is_stored_comes_back() -> None:
    stored = [Owed(3, 9), Owed(9, 10, (7, 2_000_000_000)), Owed(10, 400)]
    assert pending_ranges(range_metadata(stored)) == stored
    assert pending_ranges(range_metadata([])) == []
    for foreign in ('{"ranges":[[1]]}', '{"ranges":[[1,2,3]]}', '{"ranges":7}', "[]", "x"):
        with pytest.raises(Fatal):
            pending_ranges(foreign)


def test_what_records_take_in_memory_is_counted_until_their_insert_is_done() -> None:
    landed = Landed("mentions", "mentions", "id", "mention", "mentions")
    lane = Lane(landed, 0, Positions(0, LIMITS), None, (), opened=True)
    assert lane.held_bytes == 0
    lane.positions.read(chunk(*range(12)), 0.0)
    held = lane.held_bytes
    assert held > 12 * 10
    lane.prepare(0.0)
    assert lane.current is not None
    assert len(lane.current.records) == 10
    # What is cut in the middle of a chunk is two chunks from then on.
    assert lane.held_bytes == held + chunk().held
    assert not lane.prepare(0.0), "a range on its way is not cut again"
    lane.work = Future()
    lane.work.set_result(())
    assert lane.finish(0.0, 1.0) is None
    assert lane.held_bytes == lane.positions.held_bytes == chunk(10, 11).held
