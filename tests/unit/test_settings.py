import pytest

from schemas.settings import ClickHouseReaderSettings, ClickHouseWriterSettings, KafkaSettings, load


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
