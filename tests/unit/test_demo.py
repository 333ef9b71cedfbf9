"""The demo: what feeds it, and what its screen says."""

import argparse
import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from deploy.commands import demo
from deploy.commands.base import Asked
from deploy.feed import LIVE, REPLAY, SIMULATE, already_read, feeders, feeding, is_live
from deploy.figures import Figures
from deploy.folder import DataFolder
from deploy.places import port_names
from deploy.process import Process, Snapshot, State
from deploy.screen import line, panel
from deploy.settings import DeploySettings
from deploy.stack import Stack
from tests.support.upstream import Reply, upstream


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "recorded" / "events").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    settings = DeploySettings(recorded_dir=tmp_path / "recorded", workers=2, collectors=("rss", "reddit"))
    parts = frozenset({"kafka", "clickhouse"})
    ports = {name: 20_000 + number for number, name in enumerate(port_names(parts))}
    return Stack(settings, DataFolder(tmp_path / "data"), ports, parts)


def words(process: Process) -> tuple[str, ...]:
    return process.command[3:]


def test_without_recorded_events_posts_are_simulated(stack: Stack) -> None:
    (simulate,) = feeders(stack, live=False)
    assert words(simulate) == ("run", "simulate")
    assert {"kafka", "enrich-1", "enrich-2", "sink-clickhouse"} <= set(simulate.after)


def test_recorded_events_come_first_and_only_once(stack: Stack) -> None:
    events = stack.settings.recorded_dir / "events"
    for name in ("b.jsonl", "a.jsonl"):
        (events / name).touch()
    replay, simulate = feeders(stack, live=False)
    assert words(replay) == (
        "replay",
        str(events / "a.jsonl"),
        str(events / "b.jsonl"),
        "--shift",
        "31",
        "--speed",
        "max",
    )
    assert replay.once
    assert REPLAY in simulate.after
    assert replay.then is not None
    replay.then()
    assert already_read(stack.folder.root) == {"a.jsonl", "b.jsonl"}
    assert [process.name for process in feeders(stack, live=False)] == [SIMULATE]
    (events / "c.jsonl").touch()
    assert words(feeders(stack, live=False)[0])[1] == str(events / "c.jsonl")


def test_where_the_internet_is_the_feed_is_live_and_nothing_else(stack: Stack) -> None:
    (stack.settings.recorded_dir / "events" / "a.jsonl").touch()
    with upstream() as server:
        server.answers["/feed"] = Reply(301, headers={"Location": "/new"})
        server.answers["/new"] = Reply(body=b"<rss/>")
        server.answers["/slow"] = Reply(wait_s=60)
        server.answers["/broken"] = Reply(500)

        def live(path: str, patience_s: float = 60) -> bool:
            return is_live(DeploySettings(live_probe_url=f"{server.url}{path}", live_probe_s=patience_s))

        assert [live(path) for path in ("/feed", "/broken", "/nowhere")] == [True, False, False]
        assert not live("/slow", 0.5)
    assert not live("/feed"), "nobody answers any more"
    assert not is_live(DeploySettings(live_probe_url=""))

    settings = stack.settings.model_copy(update={"collectors": ()})
    (process,) = feeders(dataclasses.replace(stack, settings=settings), live=True)
    assert (process.name, words(process)) == (LIVE, ("run", "rss", "yahoo"))
    assert {"kafka", "enrich-1", "sink-clickhouse"} <= set(process.after)
    (process,) = feeders(stack, live=True)
    assert words(process) == ("run", "yahoo"), "the setting runs rss already"


def test_the_first_line_says_what_will_feed_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []
    monkeypatch.setattr(demo, "run", lambda *arguments: ran.append(arguments[2](stack)))
    monkeypatch.setattr(demo, "is_fetched", lambda _: True)
    with upstream() as server:
        server.answers["/feed"] = Reply(body=b"<rss/>")
        for path, told, feeder in (
            ("/feed", "live: news by RSS, prices by Yahoo", LIVE),
            ("/nowhere", "no internet: simulated posts", SIMULATE),
        ):
            settings = stack.settings.model_copy(update={"live_probe_url": f"{server.url}{path}"})
            assert demo.COMMAND.act(Asked(settings, stack.folder, argparse.Namespace())) == 0
            assert told in capsys.readouterr().out
            assert ran.pop()[0].name == feeder


def test_the_table_names_every_worker_and_what_it_may_know(stack: Stack) -> None:
    table = {process.name: process for process in stack.processes()}
    assert list(table) == [
        "kafka",
        "clickhouse",
        "enrich-1",
        "enrich-2",
        "stories-1",
        "topics-1",
        "trends-1",
        "trends-2",
        "influencers-1",
        "influencers-2",
        "market-1",
        "market-2",
        "alerts-1",
        "alerts-2",
        "sink-clickhouse",
        "api",
        "collectors",
    ]
    assert words(table["collectors"]) == ("run", "rss", "reddit")
    writer, reader, owners = stack.folder.passwords()
    knows = {
        name: {secret for secret in (writer, reader, owners) if secret in process.environment.values()}
        for name, process in table.items()
    }
    assert knows == {
        **{name: set() for name in table},
        "clickhouse": {writer, reader, owners},
        "sink-clickhouse": {writer},
        "api": {reader, owners},
    }
    assert not any(
        secret in process.command for process in table.values() for secret in (writer, reader, owners)
    )


def snapshot(name: str, state: State, restarts: int = 0) -> Snapshot:
    return Snapshot(name, 1, 1.0, state, restarts)


def test_the_screen_says_what_feeds_it_how_fast_and_how_far_behind() -> None:
    before = Figures(10.0, posts=100, mentions=50, trends=5, lags={"enrich": 9})
    lags = {"enrich": 7, "stories": 3, "topics": 5, "trends": 0, "influencers": 4, "market": 12}
    lags |= {"alerts": 1, "clickhouse": 2}
    now = Figures(12.0, posts=300, mentions=150, trends=1_234, lags=lags)
    processes = [snapshot("kafka", "running"), snapshot(REPLAY, "running"), snapshot(SIMULATE, "waiting", 3)]
    told = line(now, before, processes)
    assert "posts 300 (100/s)  mentions 150 (50/s)  trends 1,234" in told
    assert "lag: enrich 7 stories 3 topics 5 trends 0 influencers 4 market 12 alerts 1 clickhouse 2" in told
    assert "processes 2/3  fed by recorded events" in told
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(panel("http://127.0.0.1:1", now, before, processes, stopping=False))
    shown = console.export_text()
    for part in ("http://127.0.0.1:1", "1,234", "restarted 3x", "recorded events", "Ctrl-C"):
        assert part in shown
    assert line(Figures(13.0), now, processes).startswith("posts - (-/s)  mentions - (-/s)"), (
        "what is not known is not zero"
    )


def test_simulated_posts_are_named_as_such() -> None:
    assert feeding([snapshot(REPLAY, "done"), snapshot(SIMULATE, "running")]) == "simulated posts"
    assert feeding([snapshot(LIVE, "running")]) == "RSS and Yahoo, live"
    assert feeding([snapshot("kafka", "running")]) == "nothing yet"
