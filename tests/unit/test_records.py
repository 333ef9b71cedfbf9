import random
from dataclasses import dataclass

import pytest

from sinks.records import OVERHEAD_BYTES, Records, Taken


@dataclass(frozen=True)
class Message:
    at: int
    payload: bytes | None
    name: bytes | None

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes | None:
        return self.payload

    def key(self) -> bytes | None:
        return self.name

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_700_000_000_000 + self.at


def some(number: int, seed: int = 1) -> list[Message]:
    chance = random.Random(seed)
    return [
        Message(
            3 * at,
            None if chance.random() < 0.05 else chance.randbytes(chance.randrange(600)),
            chance.choice((None, b"", b"key")),
        )
        for at in range(number)
    ]


def seen(taken: Taken) -> list[Message]:
    return [Message(row.offset(), row.value(), row.key()) for row in taken]


def held(messages: list[Message]) -> int:
    return sum(len(one.payload or b"") + len(one.name or b"") + OVERHEAD_BYTES for one in messages)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_read_is_taken_as_it_was_in_whatever_pieces(seed: int) -> None:
    chance = random.Random(seed)
    given, records = some(12_000, seed), Records()
    waiting = iter(given)
    found: list[Message] = []
    for one in waiting:
        records.add(one)
        if chance.random() < 0.002:
            taken = records.take(chance.randint(0, len(records)))
            if chance.random() < 0.5:
                records.put_back(taken)
            else:
                found += seen(taken)
    assert records.held_bytes == held(given[len(found) :])
    assert records.size == sum(len(one.payload or b"") for one in given[len(found) :])
    found += seen(records.take(len(records)))
    assert found == given
    assert (len(records), records.size, records.held_bytes) == (0, 0, 0)


def test_what_was_taken_does_not_change_when_more_is_read() -> None:
    records = Records()
    given = some(300)
    for one in given[:100]:
        records.add(one)
    taken = records.take(60)
    for one in given[100:]:
        records.add(one)
    assert seen(taken) == given[:60]
    assert seen(records.take(240)) == given[60:]


def test_the_front_is_measured_without_being_taken() -> None:
    records = Records()
    for at, size in enumerate([2000, 600, 600, 100]):
        records.add(Message(at, b"x" * size, b"k"))
    assert records.fitting(10, 1000) == 1
    records.take(1)
    assert records.fitting(10, 1200) == 2
    assert records.fitting(1, 10_000) == 1
    assert records.below(3) == 2
    assert records.below(0) == 0
    assert Records().fitting(10, 10) == 0


def test_rows_are_found_by_their_number() -> None:
    records = Records()
    given = some(5_000)
    for one in given:
        records.add(one)
    taken = records.take(5_000)
    for at in (0, 1, 4_095, 4_096, 4_999, -1):
        assert taken[at].offset() == given[at].at
        assert taken[at].timestamp() == given[at].timestamp()
    assert [row.offset() for row in taken[3:6]] == [9, 12, 15]
    with pytest.raises(IndexError):
        taken[5_000]
