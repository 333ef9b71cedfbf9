"""What a lane commits for its inputs: the offset, what is still owed, and the token that tells whose commit it was."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from aiokafka import TopicPartition

from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Committed:
    """The committed position of one input partition. `token` is unique to the transaction that committed it."""

    offset: int
    pending: int = 0
    token: str = ""

    @property
    def metadata(self) -> str:
        """The form in which it is committed; others read `pending` (schemas.positions).

        It ends with a NUL, for confluent-kafka reads it as a C string and does not look at its length.
        """
        return orjson.dumps({"pending": self.pending, "txn": self.token}).decode() + "\0"


def parse(offset: int, metadata: str | None) -> Committed:
    """Read what was committed; an offset set by hand has no metadata. Raises Fatal if the metadata is not ours."""
    if not metadata:
        return Committed(offset)
    try:
        fields = orjson.loads(metadata.rstrip("\0"))
        return Committed(offset, int(fields.get("pending", 0)), str(fields.get("txn", "")))
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
        raise Fatal(f"offset metadata is not ours: {metadata[:80]!r}") from error


Standing = Mapping[TopicPartition, Committed | None]
"""What is committed for every input of a lane; None where nothing ever was."""


def carries(standing: Standing, token: str) -> bool:
    """Whether every input stands where the transaction of that token has put it."""
    return bool(standing) and all(
        committed is not None and committed.token == token for committed in standing.values()
    )
