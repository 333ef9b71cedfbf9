"""The first field of an encoded event says whose window it is, as the schemas stand."""

import pytest

from processors.agents.peek import first_string
from schemas.registry import load_schema
from tests.support.alerting import START, bar, trend
from tests.support.stages import CODEC


@pytest.mark.parametrize("event", ["trend", "bar"])
def test_trends_and_bars_begin_with_their_id(event: str) -> None:
    first = load_schema(event)["fields"][0]
    assert (first["name"], first["type"]) == ("id", "string")


@pytest.mark.parametrize(
    "subject", ["all:", "keyword:a", "hashtag:a:b|c", "hashtag:日本株", "hashtag:" + "x" * 9_000]
)
def test_the_id_is_read_without_decoding(subject: str) -> None:
    assert first_string(CODEC.encode("trend", trend(subject=subject))) == f"{subject}::1h:{START}"
    assert first_string(CODEC.encode("bar", bar(symbol="A:B"))) == f"A:B:1d:{START}"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00\x00\x04",
        b"\x00\x00\x00\x00\x04\x08ab",
        b"garbage!",
        b"\x00" * 5 + b"\xff" * 9,
        b"\x00" * 5 + b"\x01a",
        b"\x00" * 5 + b"\x04\xff\xfe",
    ],
)
def test_what_does_not_begin_with_a_string_has_none(value: bytes) -> None:
    assert first_string(value) is None
