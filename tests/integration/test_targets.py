"""What materialised views fill: the same in any order, and put back exactly where a block of it is lost."""

import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas.errors import Retryable
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.targets import TARGETS, Target, repair
from sinks.settings import ClickHouseSinkSettings
from tests.support.clickhouse import WRITER, EmbeddedClickHouse
from tests.support.direct import land
from tests.support.landing import COLLECTED, mention

MINUTE = COLLECTED - COLLECTED % 60_000


def quote(number: int) -> dict[str, Any]:
    """Three a minute of two symbols; prices go up and down, market times repeat, some are collected late."""
    return {
        "symbol": ("BBCA.JK", "^JKSE")[number % 2],
        "price": 9_000 + number * 37 % 101 - 50.5,
        "change": None,
        "day_volume": None if number % 5 == 0 else 1_000 * number,
        "currency": "IDR",
        "exchange": "JKT",
        "market_time": MINUTE + number // 4 * 15_000,
        "collected_at": COLLECTED + number % 7,
        "collector": "test",
    }


MADE: dict[str, Callable[[int], dict[str, Any]]] = {"mentions": mention, "quotes": quote}


@pytest.fixture(scope="module")
def migrated(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    database = f"t{uuid.uuid4().hex[:10]}"
    migrate(
        ClickHouseSinkSettings.model_validate(
            {
                "clickhouse_url": clickhouse.url,
                "clickhouse_database": database,
                "clickhouse_user": WRITER[0],
                "clickhouse_password": WRITER[1],
            }
        )
    )
    made = clickhouse.client(database)
    yield made
    made.command(f"DROP DATABASE {database}")
    made.close()


@pytest.fixture
def client(migrated: Client) -> Client:
    """The tables, empty."""
    for table in {target.source for target in TARGETS} | {target.table for target in TARGETS}:
        migrated.command(f"TRUNCATE TABLE {table}")
    return migrated


def shown(client: Client, table: str) -> list[Any]:
    """The merged content of a target, states as what they stand for."""
    (target,) = (one for one in TARGETS if one.table == table)
    keys = ", ".join(target.keys)
    columns = [f"sum({name})" for name in target.sums]
    columns += [
        f"{function}({name})" if function in ("min", "max") else f"{function}Merge({name})"
        for name, function in target.states.items()
    ]
    return list(
        client.query(
            f"SELECT {keys}, {', '.join(columns)} FROM {table} GROUP BY {keys} ORDER BY {keys}"
        ).result_rows
    )


def owned() -> None:
    """The partition is ours."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.table)
def test_a_lost_block_is_put_back_and_nothing_twice(client: Client, target: Target) -> None:
    make = MADE[target.source]
    land(client, target.source, [make(n) for n in range(200)])
    client.command(f"DETACH TABLE {target.view}")
    cut = land(client, target.source, [make(n) for n in range(200, 240)], first=200)
    client.command(f"ATTACH TABLE {target.view}")
    land(client, target.source, [make(n) for n in range(240, 300)], partition=1)
    lacking = shown(client, target.table)
    stolen: list[str] = []

    def another() -> None:
        stolen.append("")
        raise Retryable("the partition is another's")

    with pytest.raises(Retryable):
        repair(client, target.source, 0, cut, another)
    assert stolen
    assert shown(client, target.table) == lacking
    for _ in range(2):
        repair(client, target.source, 0, cut, owned)
        found = shown(client, target.table)
        assert found != lacking
        assert found == _whole(client, target)
    rows = client.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'restore%'"
    )
    assert rows.result_rows == []


def _whole(client: Client, target: Target) -> list[Any]:
    """The target as its view fills it from the whole source at once."""
    select = client.query(
        f"SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = '{target.view}'"
    ).result_rows[0][0]
    client.command(f"TRUNCATE TABLE {target.table}")
    columns = ", ".join((*target.keys, "kafka_partition", *target.sums, *target.states))
    client.command(f"INSERT INTO {target.table} ({columns}) SELECT {columns} FROM ({select})")
    return shown(client, target.table)


def test_late_and_shuffled_rows_merge_to_the_same(client: Client) -> None:
    quotes = [quote(number) for number in range(120)]
    mentions = [mention(number) for number in range(240)]
    dice = random.Random(5)
    found = []
    for turn in range(2):
        for target in TARGETS:
            client.command(f"TRUNCATE TABLE {target.table}")
        order = list(range(6))
        if turn:
            dice.shuffle(order)
        for block in order:
            first = 10_000 * turn + 40 * block
            land(client, "mentions", mentions[40 * block : 40 * block + 40], first=first)
            land(client, "quotes", quotes[20 * block : 20 * block + 20], first=first)
        found.append({target.table: shown(client, target.table) for target in TARGETS})
    assert found[1] == found[0]
    bars: dict[tuple[str, int], list[Any]] = {}
    for number, one in enumerate(quotes):
        bars.setdefault((one["symbol"], one["market_time"] // 60_000), []).append(
            (one["market_time"], one["collected_at"], number, one["price"], one["day_volume"])
        )
    expected = []
    for (symbol, _), made in sorted(bars.items()):
        first = max(one for one in made if one[0] == min(made)[0])
        prices = [one[3] for one in made]
        volumes = [one[4] for one in made if one[4] is not None]
        expected.append(
            (
                symbol,
                first[3],
                max(prices),
                min(prices),
                max(made)[3],
                max(volumes),
                len({one[0] for one in made}),
            )
        )
    rows = client.query(
        "SELECT symbol, open, high, low, close, day_volume, ticks FROM quote_bars ORDER BY symbol, minute"
    ).result_rows
    assert list(rows) == expected
