from dataclasses import dataclass

import pytest

from processors.logic.dead_letters import dead_letter
from processors.logic.receipts import Tally
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.registry import PinnedIds
from schemas.topics import MAX_POST_BYTES

HOUR = 3_600_000


@dataclass(frozen=True)
class Refused:
    value: bytes | None
    topic: str = "posts"
    partition: int = 1
    offset: int = 42
    key: bytes | None = b"x:1"
    timestamp: int = 7


def test_a_receipt_says_what_became_of_every_offset() -> None:
    tally = Tally()
    tally.add("mention", "x/feed", 5 * HOUR + 1, 10)
    tally.add("mention", "x/feed", 5 * HOUR + 2, 11)
    tally.add("repeat", "x/feed", 6 * HOUR, 12)
    tally.add("dead_letter", "", 6 * HOUR + 9, 13)
    receipt = tally.receipt(3, 10, 14, 99)
    assert (receipt["id"], receipt["first_offset"], receipt["last_offset"]) == ("3:10-13", 10, 13)
    assert (receipt["records"], receipt["mentions"], receipt["repeats"], receipt["dead_letters"]) == (
        4,
        2,
        1,
        1,
    )
    assert receipt["repeat_offsets"] == [12]
    assert {(c["source"], c["hour"], c["outcome"], c["count"]) for c in receipt["counts"]} == {
        ("x/feed", 5 * HOUR, "mention", 2),
        ("x/feed", 6 * HOUR, "repeat", 1),
        ("", 6 * HOUR, "dead_letter", 1),
    }
    codec = Codec(PinnedIds())
    assert codec.decode(codec.encode("receipt", receipt)).record == receipt


@pytest.mark.parametrize(
    ("value", "schema_id"),
    [
        (None, None),
        (b"", None),
        (b"{json}", None),
        (b"\x00\x00\x00\x00\x07abc", 7),
        (b"\x00\xff\xff\xff\xffabc", None),
        (b"x" * (MAX_POST_BYTES + 10), None),
    ],
)
def test_a_dead_letter_keeps_what_was_refused(value: bytes | None, schema_id: int | None) -> None:
    letter = dead_letter("enrich", Refused(value), Poison("undecodable", "why"), 99)
    assert letter["origin"] == "posts:1:42"
    assert letter["schema_id"] == schema_id
    assert letter["raw_size"] == len(value or b"")
    assert letter["raw"] == (value or b"")[:MAX_POST_BYTES]
    codec = Codec(PinnedIds())
    assert codec.decode(codec.encode("dead_letter", letter)).record == letter


def test_the_same_refusal_has_the_same_id() -> None:
    ids = {
        dead_letter("enrich", Refused(b"a"), Poison("invalid", detail), 1)["id"]
        for detail in ("one", "other")
    }
    assert len(ids) == 1
    ids.add(dead_letter("enrich", Refused(b"a", offset=43), Poison("invalid", "one"), 1)["id"])
    ids.add(dead_letter("enrich", Refused(b"a"), Poison("oversized", "one"), 1)["id"])
    assert len(ids) == 3
