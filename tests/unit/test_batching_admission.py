"""A fetch continues the cursor exactly, or it is read again."""

from dataclasses import dataclass

import pytest

from processors.batching.admission import Fetched, admit


@dataclass
class Read:
    offset: int
    topic: str = "t"
    partition: int = 0
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None


def fetched(before: int, after: int, offsets: list[int], stable_end: int | None = None) -> Fetched:
    return Fetched(before, after, stable_end, [Read(offset) for offset in offsets])


def offsets(cursor: int, what: Fetched) -> list[int]:
    admitted = admit(cursor, what)
    assert admitted is not None
    return [record.offset for record in admitted.records]


def test_what_continues_the_cursor_is_taken() -> None:
    admitted = admit(5, fetched(5, 8, [5, 6, 7]))
    assert admitted is not None
    assert admitted.end == 8
    assert [record.offset for record in admitted.records] == [5, 6, 7]


def test_gaps_between_the_positions_are_markers_or_compaction() -> None:
    assert offsets(5, fetched(5, 12, [7, 10])) == [7, 10]
    assert admit(5, fetched(5, 12, [7, 10])).end == 12  # type: ignore[union-attr]


def test_a_position_beyond_the_cursor_means_that_records_were_lost() -> None:
    assert admit(5, fetched(7, 9, [7, 8])) is None
    assert admit(5, fetched(6, 6, [])) is None


def test_what_was_taken_before_is_dropped() -> None:
    assert offsets(7, fetched(5, 9, [5, 6, 7, 8])) == [7, 8]


def test_a_fetch_that_ends_before_the_cursor_changes_nothing() -> None:
    admitted = admit(9, fetched(5, 8, [5, 6, 7]))
    assert admitted is not None
    assert (list(admitted.records), admitted.end, admitted.at_end) == ([], 9, False)


@pytest.mark.parametrize(("stable_end", "at_end"), [(8, True), (9, False), (None, False), (7, True)])
def test_the_end_is_the_last_stable_offset(stable_end: int | None, at_end: bool) -> None:
    admitted = admit(5, fetched(5, 8, [5], stable_end))
    assert admitted is not None
    assert admitted.at_end is at_end


def test_markers_alone_move_the_cursor() -> None:
    admitted = admit(5, fetched(5, 6, [], 6))
    assert admitted is not None
    assert (list(admitted.records), admitted.end, admitted.at_end) == ([], 6, True)
