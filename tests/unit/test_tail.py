from collections.abc import Mapping
from typing import Any, cast

from api.catalogue import LIVE
from api.cluster import Cluster, Described
from api.hub import Hub
from api.positions import TopicPosition
from api.settings import ApiSettings
from api.subscription import Subscription
from api.tail import Tail
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support.ears import hub_of, listening

OLD, NEW = b"abcd", b"efgh"


class Slow:
    """A Kafka that is asked for the ends of topics, and somebody joins while it thinks."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.joined: Subscription | None = None

    async def ends(self, partitions: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        self.joined, _ = listening()
        self._hub.join(self.joined)
        return {topic: (7,) * count for topic, count in partitions.items()}


async def test_who_joins_while_a_topic_is_found_made_again_is_closed_with_the_others() -> None:
    hub = hub_of(Codec(PinnedIds()))
    hub.place({topic: TopicPosition(OLD, (5,)) for topic in LIVE})
    slow = Slow(hub)
    settings = ApiSettings.model_validate({"clickhouse_reader_password": "none"})
    tail: Any = Tail(settings, cast("Cluster", slow), hub)
    await tail._align({topic: Described(NEW, 1) for topic in LIVE})
    assert slow.joined is not None
    assert slow.joined.closed == "recreated"
    assert hub.position(("mentions",)) == {"mentions": TopicPosition(NEW, (7,))}
