import random

import pytest

from api.backlog import Backlog, Everything, Newest
from api.frames import Frame


def frame(number: int, key: bytes = b"") -> Frame:
    return Frame(str(number), b"x" * (number % 7 + 1), key)


@pytest.mark.parametrize("made", [Everything, Newest])
def test_pieces_are_in_order_of_about_the_size_asked_for_and_lose_nothing(made: type[Backlog]) -> None:
    backlog = made()
    given = [frame(number) for number in range(100)]
    for one in given:
        backlog.add(one)
    taken: list[Frame] = []
    while backlog:
        piece = backlog.take(20)
        assert sum(len(one.data) for one in piece.frames[:-1]) < 20
        taken += piece.frames
    assert taken == given
    assert backlog.size == 0


def test_a_frame_larger_than_the_size_is_taken_alone() -> None:
    backlog = Everything()
    backlog.add(Frame("1", b"x" * 100))
    backlog.add(Frame("2", b"x"))
    assert [one.id for one in backlog.take(10).frames] == ["1"]


def test_of_each_key_the_newest_waits_and_positions_never_go_back() -> None:
    chance = random.Random(7)
    backlog = Newest()
    given = [frame(number, b"k%d" % chance.randrange(5)) for number in range(200)]
    for one in given:
        backlog.add(one)
    newest = {one.key: one for one in given}
    assert backlog.size == sum(len(one.data) for one in newest.values())
    ids = [int(one.id) for one in backlog.take(backlog.size).frames]
    assert ids == sorted(int(one.id) for one in newest.values())


def test_frames_without_a_key_are_all_kept() -> None:
    backlog = Newest()
    for number in range(3):
        backlog.add(frame(number))
    assert len(backlog) == 3


@pytest.mark.parametrize("made", [Everything, Newest])
def test_cleared_it_is_empty(made: type[Backlog]) -> None:
    backlog = made()
    backlog.add(frame(3))
    backlog.clear()
    assert (len(backlog), backlog.size) == (0, 0)
