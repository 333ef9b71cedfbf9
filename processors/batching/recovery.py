"""Faust's recovery, reduced to what is left of it: lanes restore their own rows before their streams resume."""

from typing import TYPE_CHECKING

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery

if TYPE_CHECKING:
    from processors.batching.app import BatchApp


class LaneRecovery(Recovery):  # type: ignore[misc]  # Faust has no types
    """Resumes the streams of an assignment once its lanes are open and restored."""

    app: "BatchApp"

    async def _resume_streams(self, generation_id: int = 0) -> None:
        """Wait for the lanes; a new assignment meanwhile ends the wait, as it does in all of Faust's recovery."""
        await self._wait(self.app.lanes.ready)
        await super()._resume_streams(generation_id)


class LaneTableManager(TableManager):  # type: ignore[misc]  # Faust has no types
    """Holds no tables of Faust's; starts without the second that the stock one waits for agents to declare theirs."""

    _recovery: LaneRecovery | None

    @property
    def recovery(self) -> LaneRecovery:
        """The recovery service."""
        if self._recovery is None:
            self._recovery = LaneRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Register (no) tables and wait for assignments."""
        await self._update_channels()
        await self.recovery.start()
