import pytest

from producers.settings import ProducerSettings
from schemas.settings import (
    ClickHouseReaderSettings,
    ClickHouseSettings,
    ClickHouseWriterSettings,
    KafkaSettings,
    Settings,
    load,
)


class Both(ClickHouseReaderSettings, ClickHouseWriterSettings, KafkaSettings):
    """With two secrets."""


def test_every_wrong_setting_is_named_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENYUT_CLICKHOUSE_PASSWORD", "hush-hush")
    monkeypatch.delenv("DENYUT_CLICKHOUSE_READER_PASSWORD", raising=False)
    monkeypatch.setenv("DENYUT_PARTITIONS", "many")
    with pytest.raises(SystemExit) as ended:
        load(Both)
    lines = str(ended.value.code).splitlines()
    assert sorted(line.split(":")[1].strip() for line in lines) == [
        "setting DENYUT_CLICKHOUSE_READER_PASSWORD",
        "setting DENYUT_PARTITIONS",
    ]
    assert "hush" not in str(ended.value.code)


def test_the_environment_is_read_under_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENYUT_PARTITIONS", "8")
    monkeypatch.setenv("PARTITIONS", "16")
    assert load(KafkaSettings).partitions == 8


@pytest.mark.parametrize(
    ("kind", "field", "ours", "common"),
    [
        (KafkaSettings, "kafka", "DENYUT_KAFKA", "KAFKA_BOOTSTRAP_SERVERS"),
        (ClickHouseSettings, "clickhouse_url", "DENYUT_CLICKHOUSE_URL", "CLICKHOUSE_URL"),
    ],
)
def test_what_exists_is_also_named_as_everywhere_and_our_name_wins(
    monkeypatch: pytest.MonkeyPatch, kind: type[Settings], field: str, ours: str, common: str
) -> None:
    monkeypatch.delenv(ours, raising=False)
    monkeypatch.setenv(common, "http://there:1")
    assert getattr(load(kind), field) == "http://there:1"
    monkeypatch.setenv(ours, "http://here:2")
    assert getattr(load(kind), field) == "http://here:2"
    assert getattr(kind.model_validate({field: "http://said:3"}), field) == "http://said:3"


@pytest.mark.parametrize("name", ["KAFKA_CA_FILE", "RSS_FEEDS", "YAHOO_WATCHLIST", "SIMULATE_START"])
def test_what_the_example_environment_leaves_empty_is_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"DENYUT_{name}", "")
    assert getattr(load(ProducerSettings), name.lower()) is None
