"""Sends what a rule found, where it is to be sent: the alert, and beside it everyone's as a CloudEvent."""

from processors.batching import Batch
from processors.logic.alerts.finding import Finding, alert
from processors.logic.alerts.history import Raising
from schemas.cloudevents import cloud_event
from schemas.codec import Codec
from schemas.events import Millis, Rule
from schemas.topics import TOPICS


class Telling:
    """Of one stage. Both records of an alert stand in the transaction of the batch, with the row that remembers it.

    An alert with an owner is not mirrored: who may read a topic reads all of it, and the mirror is made to be handed on.
    """

    def __init__(self, codec: Codec, topic_prefix: str) -> None:
        self._codec = codec
        self._topic = TOPICS["alerts"].full_name(topic_prefix)
        self._mirror = TOPICS["alerts.json"].full_name(topic_prefix)

    def tell(
        self, batch: Batch, raising: Raising, rule: Rule, subject: str, found: Finding, now: Millis
    ) -> None:
        """Send it, unless it was told before, is too near to another one or falls into quiet hours."""
        held = raising.raises(rule, subject, found)
        if held is None:
            return
        event = alert(rule, subject, found, held, now)
        key = rule["id"].encode()
        batch.send(self._topic, key, self._codec.encode("alert", event), timestamp=now)
        if rule["owner"] is None:
            batch.send(self._mirror, key, cloud_event(event, self._topic), timestamp=now)
