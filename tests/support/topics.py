"""Creates topics: the catalogue's under a test's own prefix, and others."""

from collections.abc import Iterable

from confluent_kafka.admin import AdminClient, NewTopic

from schemas.topics import TOPICS
from tests.support.until import until


def create_topics(
    bootstrap: str, prefix: str, names: Iterable[str] | None = None, partitions: int = 4
) -> None:
    """Create the named topics of the catalogue (all by default) and wait until they are there."""
    _create(
        bootstrap,
        [
            NewTopic(
                TOPICS[name].full_name(prefix),
                TOPICS[name].partitions(partitions),
                1,
                config=TOPICS[name].config(),
            )
            for name in (TOPICS if names is None else names)
        ],
    )


def make_topics(bootstrap: str, *names: str, partitions: int = 4, **config: str) -> None:
    """Create topics that are not in the catalogue and wait until they are there."""
    _create(bootstrap, [NewTopic(name, partitions, 1, config=config) for name in names])


def _create(bootstrap: str, new: list[NewTopic]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics(new).values():
        future.result(30)
    # Made by the controller; the broker that is asked next may not have heard of them yet.
    until(lambda: _known(admin, new), "the broker knows its new topics")


def _known(admin: AdminClient, new: list[NewTopic]) -> bool:
    found = admin.list_topics(timeout=60).topics
    return all(
        one.topic in found
        and len(found[one.topic].partitions) == one.num_partitions
        and all(partition.leader >= 0 for partition in found[one.topic].partitions.values())
        for one in new
    )
