"""What a running stack tells other commands: a small JSON file in its data folder."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from deploy.process import Snapshot


@dataclass(frozen=True, slots=True)
class StackState:
    """Where a stack is reached and how its processes stand; `pid` and `started` are its supervisor's."""

    pid: int
    started: float
    ready: bool
    """Whether everything was ready once."""
    api: str
    kafka: str
    clickhouse: str
    clickhouse_database: str
    topic_prefix: str
    partitions: int
    processes: Sequence[Snapshot]
    embedded: Sequence[str] = ("kafka", "clickhouse")
    """The parts that are its own processes; the others existed before."""

    def to_json(self) -> bytes:
        """The file's content."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, content: bytes) -> "StackState":
        """What `to_json` wrote."""
        fields: dict[str, Any] = orjson.loads(content)
        fields["processes"] = tuple(Snapshot(**process) for process in fields["processes"])
        return cls(**fields)
