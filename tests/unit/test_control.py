"""Control state as a person writes it: what ships can be read, what is wrong is refused with its field."""

import argparse
from pathlib import Path

import pytest

from deploy.commands.keywords import COMMAND
from deploy.control import read_seeds
from deploy.instruments import InstrumentSeed
from deploy.keywords import KeywordSeed
from deploy.seeds import SEEDS
from deploy.settings import DeploySettings
from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.registry import PinnedIds
from schemas.topics import TOPICS


def test_everything_that_can_be_seeded_ships_with_a_file_that_makes_events() -> None:
    files = DeploySettings().seed_files()
    assert files.keys() == SEEDS.keys()
    codec = Codec(PinnedIds())
    for name, kind in SEEDS.items():
        seeds = read_seeds(files[name], name, kind)
        assert seeds
        assert len({seed.key for seed in seeds}) == len(seeds), f"{name} are named once"
        for seed in seeds:
            record = seed.record(1, None)
            assert codec.decode(codec.encode(TOPICS[name].event, dict(record))).record == record


def test_the_instruments_of_the_project_hold_the_index_and_the_names_of_the_crash() -> None:
    seeds = read_seeds(DeploySettings().instruments_file, "instruments", InstrumentSeed)
    zones = {seed.symbol: seed.zone for seed in seeds}
    assert zones["^JKSE"] == zones["BBCA.JK"] == "Asia/Jakarta"
    assert zones["^GSPC"] == zones["AMZN"] == zones["BHP"] == "America/New_York"


def test_a_wrong_instrument_is_refused_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "instruments.toml"
    good = '[[instruments]]\nsymbol = "X"\nname = "X"\nzone = "UTC"\n'
    for wrong, field in (
        ('zone = "Asia/Tokio"', "zone: no time zone named 'Asia/Tokio'"),
        ('zone = "UTC"\ncolour = "red"', "colour: Extra inputs are not permitted"),
        ('aliases = "A"', "zone: Field required; aliases: Input should be a valid tuple"),
    ):
        path.write_text(f'{good}[[instruments]]\nsymbol = "Y"\nname = "Y"\n{wrong}\n')
        with pytest.raises(Fatal) as refused:
            read_seeds(path, "instruments", InstrumentSeed)
        assert str(refused.value).startswith(f"instruments file {path}, table 2: ")
        assert set(field.split("; ")) == set(str(refused.value).split(", table 2: ")[1].split("; "))


def test_a_keyword_may_say_how_it_is_searched_for_and_from_when(tmp_path: Path) -> None:
    path = tmp_path / "keywords.toml"
    path.write_text(
        '[[keywords]]\ntext = "Goto"\nquery = "GOTO AND (saham OR gojek)"\nmonitoring_start = 2026-01-01T00:00:00+07:00\n'
    )
    [seed] = read_seeds(path, "keywords", KeywordSeed)
    record = seed.record(1, None)
    assert (record["query"], record["monitoring_start"]) == (
        "GOTO AND (saham OR gojek)",
        1_767_200_400_000,
    )
    for wrong, told in (
        ('query = "GOTO AND ("', "query: it ends where a word should follow"),
        ("monitoring_start = 2026-01-01T00:00:00", "monitoring_start: Input should have timezone info"),
    ):
        path.write_text(f'[[keywords]]\ntext = "Goto"\n{wrong}\n')
        with pytest.raises(Fatal, match=told):
            read_seeds(path, "keywords", KeywordSeed)


def test_the_command_takes_a_query_and_a_start() -> None:
    parser = argparse.ArgumentParser()
    COMMAND.arguments(parser)
    words = ["add", "Goto", "--query", "GOTO OR gojek", "--from", "2026-01-01T00:00:00+07:00"]
    options = parser.parse_args(words)
    assert (options.query, options.start.isoformat()) == ("GOTO OR gojek", "2026-01-01T00:00:00+07:00")
