"""Proof: what the receipts say became of the posts, against what landed; every difference by name."""

import time

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.errors import Fatal
from schemas.proof import Bounds, Proof, proving
from sinks.clickhouse.client import connect, decisions
from sinks.settings import ClickHouseSinkSettings

_AGAIN_S = 1.0
_TIMEOUT_S = 120
_PAGE = 10_000
_LIMITS = {"max_execution_time": _TIMEOUT_S - 20, "max_memory_usage": 1 << 30, "max_threads": 1}
_TOO_LARGE = frozenset({158, 159, 160, 241, 307, 396})


def prove(settings: ClickHouseSinkSettings, bounds: Bounds, patience_s: float) -> Proof:
    """The proof within the bounds. What only has not landed yet is given `patience_s` to land.

    Raises Retryable, and Fatal where it is too large to be asked at once.
    """
    client = connect(settings, _TIMEOUT_S)
    deadline = time.monotonic() + patience_s
    try:
        with decisions():
            while True:
                proof = _prove(client, bounds)
                if proof.holds or time.monotonic() >= deadline:
                    return proof
                time.sleep(_AGAIN_S)
    finally:
        client.close()


def _prove(client: Client, bounds: Bounds) -> Proof:
    asking = proving(bounds, now_ms=time.time_ns() // 1_000_000, limit=_PAGE)
    sql, parameters = next(asking)
    while True:
        try:
            rows = list(client.query(sql, parameters=parameters, settings=_LIMITS).named_results())
        except DatabaseError as error:
            if error.code in _TOO_LARGE:
                raise Fatal("the proof of so much is too large: give --from and --to, or --source") from error
            raise
        try:
            sql, parameters = asking.send(rows)
        except StopIteration as done:
            proof: Proof = done.value
            return proof
