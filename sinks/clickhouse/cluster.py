"""The same migrations for a cluster: replicated tables on every node, Distributed ones over all shards beside them."""

import re
from dataclasses import dataclass

from schemas.errors import Fatal

OVER_ALL = "_all"
"""Appended to the database's name: the database of the same tables and views over all shards, for readers."""

_ENGINE = re.compile(r"\bENGINE = (\w*MergeTree)(?:\(((?:[^()]|\([^()]*\))*)\))?")
_REPLICA = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
_CREATE = re.compile(r"CREATE (TABLE|VIEW|MATERIALIZED VIEW|OR REPLACE VIEW) (?:IF NOT EXISTS )?(\w+)\b\s*")
_ADDED = re.compile(r"\bADD COLUMN (?!IF NOT EXISTS )")
_ALTER = re.compile(r"ALTER TABLE (\w+)\s+(ADD|DROP|RENAME|MODIFY|COMMENT|CLEAR)\s+(\w+)\b")
_CODEC = re.compile(r" CODEC\((?:[^()]|\([^()]*\))*\)")
_SECOND = re.compile(r",\s*(?:ADD|DROP|RENAME|MODIFY|COMMENT|CLEAR)\s")
_NAME = re.compile(r"[\w.-]+\Z")


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement and the database it is run in."""

    database: str
    statement: str


def placed(statement: str, database: str, cluster: str | None) -> tuple[Placed, ...]:
    """What a migration's or the retention's statement is on this cluster, in order; repeating it is harmless.

    Without a cluster it is the statement itself. With one: MergeTree becomes ReplicatedMergeTree (its path the documented
    one, by the table's UUID, so that every table of every database has one of its own), its deduplication window the
    replicated one, and each table and view gets one of the same name in the database `…_all`, over all shards.
    Raises Fatal for a statement whose form on a cluster is not known, or a name that is none.
    """
    create = _CREATE.match(statement)
    if cluster is None:
        if create is None:
            return (Placed(database, _repeatable(statement)),)
        kind, name = create.groups()
        return (Placed(database, f"{_repeated(kind, name)} {statement[create.end() :]}"),)
    if not _NAME.match(cluster):
        raise Fatal(f"DENYUT_CLICKHOUSE_CLUSTER is no plain name: {cluster!r}")
    if create is not None:
        return _created(statement, create, database, cluster)
    alter = _ALTER.match(statement)
    if alter is None:
        raise Fatal(f"no form of this statement on a cluster is known: {statement[:80]!r}")
    return _altered(statement, alter, database, cluster)


def databases(database: str, cluster: str | None) -> tuple[str, ...]:
    """The statements that make the databases."""
    if cluster is None:
        return (f"CREATE DATABASE IF NOT EXISTS {database}",)
    return tuple(
        f"CREATE DATABASE IF NOT EXISTS {name} ON CLUSTER '{cluster}' ENGINE = Atomic"
        for name in (database, database + OVER_ALL)
    )


def plain_engine(engine: str) -> str:
    """A replicated table's engine clause (system.tables.engine_full) for a table of this node's own; others unchanged."""
    match = re.match(r"Replicated(\w*MergeTree)\('(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*'(?:, )?", engine)
    if match is None:
        return engine
    return f"{match.group(1)}({engine[match.end() :]}"


def _created(statement: str, create: "re.Match[str]", database: str, cluster: str) -> tuple[Placed, ...]:
    kind, name = create.groups()
    rest = statement[create.end() :]
    head = f"{_repeated(kind, name)} ON CLUSTER '{cluster}'"
    if kind == "MATERIALIZED VIEW":
        # It fills its target on the node that takes the insert; replicas get the target's parts.
        return (Placed(database, f"{head} {rest}"),)
    if kind in ("VIEW", "OR REPLACE VIEW"):
        return tuple(Placed(where, f"{head} {rest}") for where in (database, database + OVER_ALL))
    engine = _ENGINE.search(rest)
    if engine is None:
        raise Fatal(f"table {name} has no MergeTree engine that could be replicated")
    family, arguments = engine.groups()
    replicated = f"ENGINE = Replicated{family}({_REPLICA}{', ' + arguments if arguments else ''})"
    rest = rest[: engine.start()] + replicated + rest[engine.end() :]
    rest = rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    over = f"AS {database}.{name} ENGINE = Distributed('{cluster}', '{database}', '{name}')"
    return (Placed(database, f"{head} {rest}"), Placed(database + OVER_ALL, f"{head} {over}"))


def _repeated(kind: str, name: str) -> str:
    """The beginning of a statement that does no harm where it was made before."""
    return f"CREATE {kind} {name}" if kind == "OR REPLACE VIEW" else f"CREATE {kind} IF NOT EXISTS {name}"


def _repeatable(change: str) -> str:
    """A change of a table that does no harm where it was made before: by another worker, or before this one was cut."""
    return _ADDED.sub("ADD COLUMN IF NOT EXISTS ", change)


def _altered(statement: str, alter: "re.Match[str]", database: str, cluster: str) -> tuple[Placed, ...]:
    name, _, what = alter.groups()
    rest = _repeatable(statement[len(f"ALTER TABLE {name}") :].lstrip())
    rest = rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    here = Placed(database, f"ALTER TABLE {name} ON CLUSTER '{cluster}' {rest}")
    # Of what a table is, only its columns are seen from outside.
    if what != "COLUMN":
        return (here,)
    if _SECOND.search(rest):
        raise Fatal(f"one change of a column a statement, or it has no form on a cluster: {statement[:80]!r}")
    without = _CODEC.sub("", rest)
    return (here, Placed(database + OVER_ALL, f"ALTER TABLE {name} ON CLUSTER '{cluster}' {without}"))
