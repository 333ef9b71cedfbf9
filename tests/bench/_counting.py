"""The job on which contenders are compared: mentions per subject and window of five minutes, told with every event.

Runs in other environments, too, so it needs fastavro alone.
"""

import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro

WINDOW_MS = 300_000
_HEADER_BYTES = 5

Decode = Callable[[bytes], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Job:
    """Where a contender reads and writes; `schema` is that of a partial, without logical types."""

    bootstrap: str
    source: str
    out: str
    group: str
    folder: str
    schema: Mapping[str, Any]
    variant: str = ""
    partitions: int = 4

    @classmethod
    def told(cls) -> "Job":
        """The one in this process's first argument."""
        return cls(**json.loads(sys.argv[1]))

    def decoder(self) -> Decode:
        """Decodes one partial, header and all."""
        parsed = fastavro.parse_schema(dict(self.schema))

        def decode(payload: bytes) -> Mapping[str, Any]:
            buffer = io.BytesIO(payload)
            buffer.seek(_HEADER_BYTES)
            record: Mapping[str, Any] = fastavro.schemaless_reader(buffer, parsed, None)  # type: ignore[assignment]  # partials are records
            return record

        return decode


def window_of(timestamp: int) -> int:
    """The start of the window of an instant, both in epoch milliseconds."""
    return timestamp - timestamp % WINDOW_MS
