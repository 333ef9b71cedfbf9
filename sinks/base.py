"""What a sink is: something that lands topics somewhere until it is told to stop."""

from threading import Event
from typing import Protocol


class Sink(Protocol):
    """One sink; its consumer group is the step of its name in the flow."""

    def run(self, stop: Event) -> None:
        """Land until `stop` is set, then commit what is done and return.

        Raises Fatal where going on would lose or double something; Retryable is dealt with inside.
        """
        ...
