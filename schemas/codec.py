"""The codec: records to bytes and back, in the Confluent wire format (0x00, 4-byte schema id, Avro body)."""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fastavro

from schemas.canonical import canonical
from schemas.errors import Fatal, Poison
from schemas.registry import Schema, SchemaIds, load_schema

HEADER_BYTES = 5
_HEADER = struct.Struct(">bI")
_MAGIC = 0


@dataclass(frozen=True, slots=True)
class Decoded:
    """A record with the name of its event and the id of the schema it was written with."""

    event: str
    schema_id: int
    record: dict[str, Any]


def schema_id_of(payload: bytes) -> int:
    """The schema id in the header of `payload`; raises Poison (undecodable) where there is no header."""
    if len(payload) < HEADER_BYTES or payload[0] != _MAGIC:
        raise Poison(
            "undecodable",
            f"no Confluent header in {len(payload)} bytes starting {payload[:8].hex() or 'empty'}",
        )
    schema_id: int = _HEADER.unpack_from(payload)[1]
    return schema_id


def plain_times(schema: Any) -> Any:
    """`schema` without logical types, so that times stay integers of epoch milliseconds on both ways."""
    if isinstance(schema, Mapping):
        if "logicalType" in schema:
            return schema["type"]
        return {key: plain_times(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [plain_times(item) for item in schema]
    return schema


class Codec:
    """Encodes with the ids it is given, decodes whatever id it meets that these ids know.

    What was written with another version of an event's schema is read as the present one: fields that it lacks have
    their defaults. Where an id has to be asked for, `decode` raises Retryable while nobody answers.
    """

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._writers: dict[str, tuple[bytes, Any]] = {}
        self._readers: dict[int, tuple[str, Any, Any]] = {}

    def encode(self, event: str, record: Mapping[str, Any]) -> bytes:
        """`record` in the wire format.

        Raises Poison (invalid) where a field is missing or of the wrong type, Fatal for an unknown event.
        """
        writer = self._writers.get(event)
        if writer is None:
            schema_id = self._ids.id_of(event)
            writer = (_HEADER.pack(_MAGIC, schema_id), _parse(self._ids.schema_of(schema_id)[1]))
            self._writers[event] = writer
        header, schema = writer
        buffer = io.BytesIO()
        buffer.write(header)
        try:
            fastavro.schemaless_writer(buffer, schema, record, strict=True)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            raise Poison("invalid", f"{event}: {error}") from error
        return buffer.getvalue()

    def decode(self, payload: bytes) -> Decoded:
        """The record in `payload`; raises Poison (undecodable) for anything but one whole record of a known schema."""
        schema_id = schema_id_of(payload)
        reader = self._readers.get(schema_id)
        if reader is None:
            try:
                event, written = self._ids.schema_of(schema_id)
            except KeyError as error:
                raise Poison("undecodable", str(error.args[0])) from None
            reader = self._readers[schema_id] = (event, _parse(written), _present(event, written))
        event, schema, present = reader
        buffer = io.BytesIO(payload)
        buffer.seek(HEADER_BYTES)
        try:
            record = fastavro.schemaless_reader(buffer, schema, present)
        except (
            ValueError,
            TypeError,
            EOFError,
            IndexError,
            KeyError,
            OverflowError,
            struct.error,
            MemoryError,
            fastavro.read.SchemaResolutionError,
        ) as error:
            raise Poison(
                "undecodable", f"schema id {schema_id} ({event}): {type(error).__name__}: {error}"
            ) from error
        if buffer.tell() != len(payload):
            raise Poison(
                "undecodable",
                f"schema id {schema_id} ({event}): {len(payload) - buffer.tell()} bytes left over",
            )
        if not isinstance(record, dict):
            raise Poison("undecodable", f"schema id {schema_id} ({event}) is not a record")
        return Decoded(event, schema_id, record)


def _present(event: str, written: Schema) -> Any:
    """What to read a record as; None where it was written with the present schema."""
    present = load_schema(event)
    return None if written is present or canonical(written) == canonical(present) else _parse(present)


def _parse(schema: Schema) -> Any:
    try:
        return fastavro.parse_schema(plain_times(schema))
    except (ValueError, KeyError, fastavro.schema.SchemaParseException) as error:
        raise Fatal(f"a schema does not parse: {error}") from error
