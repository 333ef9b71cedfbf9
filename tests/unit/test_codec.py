import contextlib
import random

import pytest

from schemas.codec import Codec
from schemas.errors import Fatal, Poison
from schemas.registry import PinnedIds

RECORD = {"collector": "replay", "source": "events.jsonl", "cursor": "{}", "updated_at": 1}


@pytest.fixture
def codec() -> Codec:
    return Codec(PinnedIds())


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\x01\x00\x00\x00\x0a", b"hello world", b"\x00\x00\x00\xff\xff"]
)
def test_bytes_without_a_known_header_are_poison(codec: Codec, payload: bytes) -> None:
    with pytest.raises(Poison) as caught:
        codec.decode(payload)
    assert caught.value.reason == "undecodable"


def test_every_cut_of_a_record_is_poison(codec: Codec) -> None:
    payload = codec.encode("checkpoint", RECORD)
    for end in range(len(payload)):
        with pytest.raises(Poison):
            codec.decode(payload[:end])


def test_bytes_after_the_record_are_poison(codec: Codec) -> None:
    with pytest.raises(Poison, match="left over"):
        codec.decode(codec.encode("checkpoint", RECORD) + b"\x00")


@pytest.mark.parametrize(
    "record",
    [
        {**RECORD, "updated_at": "now"},
        {**RECORD, "updated_at": None},
        {**RECORD, "surplus": 1},
        {key: value for key, value in RECORD.items() if key != "cursor"},
    ],
)
def test_a_record_that_does_not_fit_its_schema_is_poison(codec: Codec, record: dict[str, object]) -> None:
    with pytest.raises(Poison) as caught:
        codec.encode("checkpoint", record)
    assert caught.value.reason == "invalid"


def test_an_unknown_event_is_fatal(codec: Codec) -> None:
    with pytest.raises(Fatal):
        codec.encode("rumour", RECORD)


def test_random_bytes_never_raise_anything_but_poison(codec: Codec) -> None:
    random_bytes = random.Random(7)
    for event in ("post", "mention", "receipt"):
        header = b"\x00" + PinnedIds().id_of(event).to_bytes(4, "big")
        for _ in range(2000):
            payload = header + random_bytes.randbytes(random_bytes.randrange(200))
            with contextlib.suppress(Poison):
                codec.decode(payload)
