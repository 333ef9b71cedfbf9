from api.drain import drain
from api.positions import TopicPosition
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support.ears import hub_of, listening


async def test_every_stream_is_told_a_few_at_a_time_and_who_comes_is_told_at_once() -> None:
    hub = hub_of(Codec(PinnedIds()))
    hub.place({"mentions": TopicPosition(b"abcd", (0,))})
    there = [listening()[0] for _ in range(50)]
    for one in there:
        hub.join(one)
    closing = drain(hub, 1)
    closing.send(None)
    assert sum(one.closed is not None for one in there) == 20
    late, _ = listening()
    hub.join(late)
    assert late.closed == "shutdown"
    closing.close()
    await drain(hub, 0)
    assert {one.closed for one in there} == {"shutdown"}
