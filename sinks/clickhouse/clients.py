"""Clients for the threads that insert: each used by one at a time, none again after it failed."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from sinks.clickhouse.client import connect, decisions
from sinks.settings import ClickHouseSinkSettings


class Clients:
    """As many clients as are needed at once; a client that failed is not used again."""

    def __init__(self, settings: ClickHouseSinkSettings) -> None:
        self._settings = settings
        self._free: queue.SimpleQueue[Client] = queue.SimpleQueue()

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A client of this thread's own, its errors turned into Retryable and Fatal."""
        try:
            client = self._free.get_nowait()
        except queue.Empty:
            client = connect(self._settings, self._settings.sink_insert_timeout_s)
        try:
            with decisions():
                yield client
        except BaseException:
            client.close()
            raise
        self._free.put(client)

    def close(self) -> None:
        """Close those that are free."""
        while not self._free.empty():
            self._free.get_nowait().close()
