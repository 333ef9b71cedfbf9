"""Whether a partition is still ours: asked by the threads that insert, answered by the thread that owns the consumer.

confluent-kafka lets one thread at a time call a consumer, and gives way to nobody: a commit from another thread waits for
ever behind a loop that consumes without a pause.
"""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from queue import Empty, SimpleQueue

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import Retryable

_PATIENCE_S = 30.0


class Fences:
    """Commits what is committed already: a member that was put out of the group cannot even do that."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[TopicPartition, Callable[[], bool], Future[None]]] = SimpleQueue()

    def check(self, position: TopicPartition, held: Callable[[], bool]) -> None:
        """Return if the partition is ours; called by any other thread. Raises Retryable if it may not be."""
        answer: Future[None] = Future()
        self._asked.put((position, held, answer))
        try:
            answer.result(_PATIENCE_S)
        except NotInTime:
            answer.cancel()
            raise Retryable("nobody says whether the partition is still ours") from None

    def answer(self, consumer: Consumer) -> None:
        """Answer who has asked; called by the thread that owns the consumer, often."""
        while True:
            try:
                position, held, answer = self._asked.get_nowait()
            except Empty:
                return
            if not answer.set_running_or_notify_cancel():
                continue
            # The group takes a member's commit of any partition, also of one that is another's by now.
            refusal = _refusal(consumer, position) if held() else "it was taken away"
            if refusal is None:
                answer.set_result(None)
            else:
                answer.set_exception(Retryable(f"the partition may be another's by now: {refusal}"))


def _refusal(consumer: Consumer, position: TopicPartition) -> object:
    """Why the group does not take the commit; None if it does."""
    try:
        (result,) = consumer.commit(offsets=[position], asynchronous=False)
    except (KafkaException, RuntimeError) as error:
        return error
    return result.error
