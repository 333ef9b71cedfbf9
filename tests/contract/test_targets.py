"""Every materialised view of the migrations is known to the sink, with the keys and columns its target has."""

import re

import pytest

from schemas.tables import LANDED
from sinks.clickhouse.migrate import migrations
from sinks.clickhouse.targets import TARGETS, Target
from sinks.settings import ClickHouseSinkSettings

_VIEW = re.compile(r"CREATE MATERIALIZED VIEW (\w+) TO (\w+) AS\b.*?\bFROM (\w+)", re.DOTALL)
_COLUMN = re.compile(r"^ {4}(\w+) ((?:Simple)?AggregateFunction\((\w+))?", re.MULTILINE)
_ORDER = re.compile(r"ORDER BY \(([^)]*)\)")


def _statements(start: str) -> list[str]:
    return [one for _, _, found in migrations() for one in found if one.startswith(start)]


def _table(name: str) -> str:
    (found,) = [one for one in _statements("CREATE TABLE ") if one.startswith(f"CREATE TABLE {name} (")]
    return found


def test_every_materialised_view_has_its_target() -> None:
    views = set()
    for statement in _statements("CREATE MATERIALIZED VIEW "):
        match = _VIEW.match(statement)
        assert match, f"a view must say TO which table it goes: {statement[:80]}"
        views.add(match.groups())
    assert {(target.view, target.table, target.source) for target in TARGETS} == views
    assert len(TARGETS) == len(views)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.table)
def test_a_target_names_all_columns_of_its_table(target: Target) -> None:
    statement = _table(target.table)
    order = _ORDER.search(statement)
    assert order
    assert sorted(order.group(1).split(", ")) == sorted((*target.keys, "kafka_partition"))
    columns = {name: function for name, _, function in _COLUMN.findall(statement)}
    assert set(columns) == {*target.keys, "kafka_partition", *target.sums, *target.states}
    for name, function in target.states.items():
        assert columns[name] == function
    for name in target.sums:
        assert columns[name] in ("", "sum")
    assert set(target.touched.split(", ")) <= set(target.keys)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.table)
def test_a_target_comes_from_what_lands_and_is_kept_as_long_as_told(target: Target) -> None:
    assert target.source in LANDED.values()
    retained = ClickHouseSinkSettings.model_validate({"clickhouse_password": "w"}).retention()
    assert retained[target.table][0] == "collected_on"
