"""The sink's fence: only what the group and the sink itself still call ours passes."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from schemas.errors import Retryable
from sinks.clickhouse.fence import Fences

POSITION = TopicPartition("denyut.posts", 0, 100, "[]")


class Group:
    """The one call that a fence makes of a consumer."""

    def __init__(self, *, refuses: bool = False, partition_error: Any = None) -> None:
        self.commits: list[TopicPartition] = []
        self._refuses, self._error = refuses, partition_error

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> list[Any]:
        assert not asynchronous
        self.commits += offsets
        if self._refuses:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_MEMBER_ID))
        return [type("Result", (), {"error": self._error})]


def asked(group: Group, *, held: bool) -> Future[None]:
    fences = Fences()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(fences.check, POSITION, lambda: held)
        while not answer.done():
            fences.answer(group)
    return answer


def test_a_member_that_holds_the_partition_passes() -> None:
    group = Group()
    assert asked(group, held=True).result() is None
    assert group.commits == [POSITION]


@pytest.mark.parametrize(
    "group", [Group(refuses=True), Group(partition_error=KafkaError(KafkaError.ILLEGAL_GENERATION))]
)
def test_what_the_group_refuses_does_not_pass(group: Group) -> None:
    assert isinstance(asked(group, held=True).exception(), Retryable)


def test_a_partition_that_was_taken_away_does_not_pass_and_nothing_is_committed() -> None:
    group = Group()
    assert isinstance(asked(group, held=False).exception(), Retryable)
    assert group.commits == [], "its new owner's offset must not be turned back"
