"""Records in columns say what the messages said, however they are cut and put together."""

import random
from dataclasses import dataclass

from sinks.records import Chunk, Record, Records


@dataclass(frozen=True)
class Message:
    at: int
    payload: bytes | None = b"payload"
    name: bytes | None = b"key"
    ms: int = 7

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes | None:
        return self.payload

    def key(self) -> bytes | None:
        return self.name

    def timestamp(self) -> tuple[int, int]:
        return 1, self.ms

    @property
    def record(self) -> Record:
        return Record(self.at, self.name, self.payload, self.ms if self.payload is None else 0)


def made(dice: random.Random, count: int, first: int = 0) -> list[Message]:
    messages = []
    for _ in range(count):
        first += dice.choice((1, 1, 3))
        payload = None if dice.random() < 0.2 else dice.randbytes(dice.randrange(40))
        name = None if dice.random() < 0.2 else dice.randbytes(dice.randrange(4))
        messages.append(Message(first, payload, name, dice.randrange(1 << 41)))
    return messages


def test_what_is_read_comes_back_however_it_is_cut() -> None:
    dice = random.Random(11)
    for _ in range(200):
        messages = made(dice, dice.randrange(1, 60))
        records = Records()
        at = 0
        while at < len(messages):
            size = dice.randrange(1, 20)
            records.add(Chunk.of(messages[at : at + size]))
            at += size
        expected = [message.record for message in messages]
        assert list(records) == expected
        assert len(records) == len(expected)
        assert records.size == sum(len(record.value or b"") for record in expected)
        assert records.end == expected[-1].offset + 1
        count = dice.randrange(len(expected) + 1)
        first, rest = records.split(count)
        assert (list(first), list(rest)) == (expected[:count], expected[count:])
        assert list(first.followed_by(rest)) == expected
        border = dice.randrange(expected[-1].offset + 3)
        assert records.below(border) == sum(record.offset < border for record in expected)


def test_as_many_fit_as_rows_and_bytes_allow_but_one_always() -> None:
    dice = random.Random(12)
    for _ in range(300):
        messages = made(dice, dice.randrange(1, 30))
        records = Records([Chunk.of(messages[:7]), Chunk.of(messages[7:12]), Chunk.of(messages[12:])])
        rows, size = dice.randrange(1, 40), dice.randrange(1, 400)
        fits = 0
        taken = 0
        for message in messages[:rows]:
            taken += len(message.payload or b"")
            if taken > size:
                break
            fits += 1
        assert records.fitting(rows, size) == max(1, fits)
    assert Records().fitting(1, 1) == 0


def test_a_part_holds_nothing_of_the_rest() -> None:
    chunk = Chunk.of([Message(at, b"x" * 1000) for at in range(1000)])
    assert chunk.held > 1_000_000
    assert chunk.part(10, 12).held < 4000
    assert chunk.part(0, 1000) is chunk
    assert len(chunk.part(3, 3)) == 0
