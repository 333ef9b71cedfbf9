"""What materialised views fill: the same in any order, and put back exactly where a block of it is lost."""

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas.errors import Retryable
from schemas.proof import Bounds, targets
from schemas.proof.targets import SIDES, SUMMED
from sinks.clickhouse.attach import attach_all, beside
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.proof import prove
from sinks.clickhouse.targets import TARGETS, Target, repair
from sinks.settings import ClickHouseSinkSettings
from tests.support.clickhouse import WRITER, EmbeddedClickHouse
from tests.support.direct import land
from tests.support.landing import COLLECTED, mention

HOUR = 3_600_000
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
def settings(clickhouse: EmbeddedClickHouse) -> ClickHouseSinkSettings:
    return ClickHouseSinkSettings.model_validate(
        {
            "clickhouse_url": clickhouse.url,
            "clickhouse_database": f"t{uuid.uuid4().hex[:10]}",
            "clickhouse_user": WRITER[0],
            "clickhouse_password": WRITER[1],
        }
    )


@pytest.fixture(scope="module")
def migrated(clickhouse: EmbeddedClickHouse, settings: ClickHouseSinkSettings) -> Iterator[Client]:
    migrate(settings)
    made = clickhouse.client(settings.clickhouse_database)
    yield made
    made.command(f"DROP DATABASE {settings.clickhouse_database}")
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


def proven(settings: ClickHouseSinkSettings, since: int | None = None) -> list[tuple[str, int, int]]:
    """(where, expected, found) of what the proof says of the targets."""
    proof = prove(settings, Bounds(COLLECTED + 10_000_000, since), 0)
    return [(one.where, one.expected, one.found) for one in proof.differences if one.what == "metrics"]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.table)
def test_the_proof_names_what_a_target_lacks_and_has_too_much(
    client: Client, settings: ClickHouseSinkSettings, target: Target
) -> None:
    make = MADE[target.source]
    land(client, target.source, [make(n) for n in range(200)])
    land(client, target.source, [make(n) for n in range(100)], partition=1)
    assert proven(settings) == []
    client.command(f"DETACH TABLE {target.view}")
    land(client, target.source, [make(n) for n in range(200, 240)], first=200)
    client.command(f"ATTACH TABLE {target.view}")
    day = datetime.fromtimestamp(COLLECTED / 1000, UTC).date()
    lost = proven(settings)
    assert lost
    assert all(where.startswith(f"{target.table}[0] {day} ") for where, _, _ in lost), lost
    assert sum(expected - found for _, expected, found in lost) > 0
    assert proven(settings, COLLECTED + 48 * HOUR) == [], "of other days"
    _whole(client, target)
    assert proven(settings) == []
    # What stands there twice is too much; of a minute of quotes it changes nothing.
    columns = ", ".join((*target.keys, "kafka_partition", *target.sums, *target.states))
    again = f"INSERT INTO {target.table} ({columns}) SELECT {columns} FROM {target.table} WHERE kafka_partition = 1"
    client.command(again)
    doubled = proven(settings)
    assert bool(doubled) == bool(target.sums)
    assert all(where.startswith(f"{target.table}[1] {day} ") for where, _, _ in doubled), doubled
    assert all(found == 2 * expected for _, expected, found in doubled), doubled


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("sentiment_metrics", "* REPLACE (if(keyword = '', 'k9', keyword) AS keyword)"),
        ("sentiment_metrics", "* REPLACE (engagement + 1 AS engagement)"),
        ("hashtags", "* REPLACE (concat(hashtag, 's') AS hashtag)"),
        ("hashtags", "* REPLACE (positive + 1 AS positive, negative - 1 AS negative)"),
        ("author_days", "* REPLACE (day + 1 AS day)"),
        ("author_days", "* REPLACE (views + 1 AS views)"),
        ("quote_minutes", "* REPLACE (high + 1 AS high)"),
        ("quote_minutes", "* REPLACE (minute + 60 AS minute)"),
    ],
)
def test_the_proof_sees_what_only_stands_elsewhere(
    client: Client, settings: ClickHouseSinkSettings, table: str, change: str
) -> None:
    (target,) = (one for one in TARGETS if one.table == table)
    land(client, target.source, [MADE[target.source](n) for n in range(60)])
    assert proven(settings) == []
    with beside(client, table, 0) as aside:
        client.command(f"INSERT INTO {aside} SELECT {change} FROM {table} WHERE kafka_partition = 0")
        client.command(f"TRUNCATE TABLE {table}")
        attach_all(client, table, aside)
    found = proven(settings)
    assert found
    assert {where.split("[")[0] for where, _, _ in found} == {table}


def test_the_proof_is_asked_of_every_target_by_its_own_keys_and_sums() -> None:
    assert {target.table: target.source for target in TARGETS} == SIDES
    summed = {one.table: (set(one.keys), tuple(one.sums)) for one in SUMMED}
    assert summed == {
        target.table: (set(target.keys) - {"collected_on"}, target.sums) for target in TARGETS if target.sums
    }


def test_quotes_are_made_again_by_days_where_they_are_many(
    client: Client, settings: ClickHouseSinkSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [{**quote(n), "collected_at": COLLECTED - n // 20 * 24 * HOUR} for n in range(100)]
    land(client, "quotes", days)
    assert proven(settings) == []
    client.command("TRUNCATE TABLE quote_minutes")
    whole = proven(settings)
    assert len(whole) == 5 * 2
    monkeypatch.setattr(targets, "MINUTES_AT_ONCE", 40)
    assert proven(settings) == whole


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
