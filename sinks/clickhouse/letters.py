"""Dead letters as they landed: list them, show one, choose some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal

_COLUMNS = "id, origin, origin_topic, stage, reason, detail, raw_size, failed_at"
_REDRIVEN = "id IN (SELECT id FROM redrives) AS redriven"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters: those of these ids, or all that have this reason, stage and topic; None is any."""

    ids: tuple[str, ...] = ()
    reason: str | None = None
    stage: str | None = None
    topic: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out."""
        return not self.ids and self.reason is None and self.stage is None and self.topic is None

    def where(self) -> tuple[str, dict[str, Any]]:
        """As a condition, and its parameters."""
        conditions = ["1"]
        parameters: dict[str, Any] = {}
        if self.ids:
            conditions.append("id IN {ids:Array(String)}")
            parameters["ids"] = list(self.ids)
        for column, value in (("reason", self.reason), ("stage", self.stage), ("origin_topic", self.topic)):
            if value is not None:
                conditions.append(f"{column} = {{{column}:String}}")
                parameters[column] = value
        return " AND ".join(conditions), parameters


def newest(client: Client, choice: Choice, limit: int) -> list[Mapping[str, Any]]:
    """The newest dead letters first, each id once, and whether it was redriven."""
    where, parameters = choice.where()
    return _query(
        client,
        f"SELECT {_COLUMNS}, {_REDRIVEN} FROM dead_letters WHERE {where} "  # noqa: S608 -- columns of this file
        "ORDER BY failed_at DESC, id LIMIT 1 BY id LIMIT {limit:UInt32}",
        {**parameters, "limit": limit},
    )


def show(client: Client, letter: str) -> Mapping[str, Any]:
    """All of one dead letter, key and raw bytes in hex; raises Fatal if there is none of that id."""
    rows = _query(
        client,
        f"SELECT {_COLUMNS}, {_REDRIVEN}, origin_partition, origin_offset, schema_id, hex(key) AS key, hex(raw) AS raw "  # noqa: S608 -- columns of this file
        "FROM dead_letters WHERE id = {id:String} ORDER BY failed_at LIMIT 1",
        {"id": letter},
    )
    if not rows:
        raise Fatal(f"no dead letter with the id {letter!r}")
    return rows[0]


def chosen(client: Client, choice: Choice, limit: int) -> list[str]:
    """Their ids, the oldest first; raises Fatal where a named one is not there."""
    where, parameters = choice.where()
    found = [
        str(row["id"])
        for row in _query(
            client,
            f"SELECT id, min(failed_at) AS first FROM dead_letters WHERE {where} "  # noqa: S608 -- columns of this file
            "GROUP BY id ORDER BY first, id LIMIT {limit:UInt32}",
            {**parameters, "limit": limit},
        )
    ]
    unknown = sorted(set(choice.ids).difference(found))
    if unknown and len(found) < limit:
        raise Fatal(f"no dead letter with the id {unknown[0]!r}")
    return found


def facts(client: Client, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Of each of these, in their order, what decides whether it may be published again; without its bytes.

    `kept` is how many of its bytes are here, `noted` whether a redrive of it has begun, `published` whether one has ended.
    """
    rows = _query(
        client,
        "SELECT id, origin_topic, raw_size, length(raw) AS kept, id IN (SELECT id FROM redrives) AS noted, "
        "id IN (SELECT id FROM redrives WHERE published) AS published "
        "FROM dead_letters WHERE id IN {ids:Array(String)} ORDER BY id, failed_at LIMIT 1 BY id",
        {"ids": list(ids)},
    )
    by_id = {row["id"]: row for row in rows}
    return [by_id[one] for one in ids]


def contents(client: Client, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Topic, key and bytes of each of these, the last two in hex."""
    return _query(
        client,
        "SELECT id, origin_topic, hex(key) AS key, hex(raw) AS raw FROM dead_letters "
        "WHERE id IN {ids:Array(String)} ORDER BY failed_at LIMIT 1 BY id",
        {"ids": list(ids)},
    )


def _query(client: Client, sql: str, parameters: dict[str, Any]) -> list[Mapping[str, Any]]:
    return list(client.query(sql, parameters=parameters).named_results())
