import json

import orjson
import pytest

from api.catalogue import LIVE
from api.frames import Batch, frame, payload
from schemas.registry import load_schema
from schemas.topics import TOPICS
from tests.support.mentions import mention


def test_a_frame_has_id_event_and_one_line_of_data() -> None:
    record = mention(3, text="a\nb\r\nc\u2028d\x00")
    one = frame("mentions", "Abc-_", payload(record))
    lines = one.data.decode().split("\n")
    assert lines[:2] == ["id: Abc-_", "event: mentions"]
    assert lines[2].startswith("data: ")
    assert lines[3:] == ["", ""]
    assert json.loads(lines[2].removeprefix("data: ")) == record
    assert b"\r" not in one.data
    assert b"\x00" not in one.data


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\0"])
@pytest.mark.parametrize(("event", "position"), [("mentions{}id: 9", "1"), ("mentions", "1{}data: x")])
def test_line_breaks_cannot_enter_id_or_event(event: str, position: str, end: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        frame(event.format(end), position.format(end), b"{}")


def test_retry_is_a_field_of_its_own() -> None:
    assert b"\nretry: 2000\n\n" in frame("open", "1", b"{}", retry=2000).data


def test_a_batch_is_its_frames_in_order_as_one_chunk() -> None:
    frames = [frame("mentions", str(number), b"{}") for number in range(3)]
    batch = Batch(frames)
    whole = b"".join(one.data for one in frames)
    assert (batch.id, batch.data) == ("2", whole)
    assert batch.chunk == f"{len(whole):x}\r\n".encode() + whole + b"\r\n"


def test_no_live_event_has_bytes_that_json_could_not_carry() -> None:
    for name in LIVE:
        assert '"bytes"' not in orjson.dumps(dict(load_schema(TOPICS[name].event))).decode()
