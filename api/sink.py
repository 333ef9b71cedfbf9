"""Where a subscription's frames go: the socket of one client, seen from the stream."""

from typing import Protocol

from api.frames import Batch


class Sink(Protocol):
    """Takes what it is given without waiting; how much of it has not left yet decides whether it is given more."""

    last_id: str
    """The position of the last frame it was given."""

    def write(self, batch: Batch) -> None:
        """Send it after all that was given before. Nothing happens where the client has gone."""

    def waiting(self) -> int:
        """Bytes given that the kernel has not taken yet."""

    async def drain(self) -> None:
        """Return when little waits, or when the client has gone."""

    @property
    def lost(self) -> bool:
        """Whether the client has gone."""

    def abort(self) -> None:
        """Drop the connection, and all that waits, without a word."""
