"""The canonical form of an Avro schema: equal for two texts of which each reads what the other writes, field by field."""

from collections.abc import Mapping
from typing import Any

import fastavro

from schemas.errors import Fatal

_WORDS = frozenset({"doc", "namespace", "__fastavro_parsed__", "__named_schemas"})


def canonical(schema: Any) -> Any:
    """`schema` with full names and without what decides nothing: order of keys, documentation, the long form of `"string"`.

    Defaults, symbols, aliases and logical types count. Raises Fatal where it is no Avro schema.
    """
    try:
        return _plain(fastavro.parse_schema(schema, _write_hint=False))
    except (ValueError, KeyError, TypeError, fastavro.schema.SchemaParseException) as error:
        raise Fatal(f"no Avro schema: {type(error).__name__}: {error}") from error


def _plain(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        kept = {
            key: value if key in ("default", "symbols") else _plain(value)
            for key, value in schema.items()
            if key not in _WORDS
            and not (key == "order" and value == "ascending")
            and (key, value) != ("aliases", [])
        }
        return kept["type"] if set(kept) == {"type"} else kept
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    return schema
