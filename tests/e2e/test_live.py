"""The demo where the internet is there: fed by RSS and Yahoo, both local servers here, and nothing else."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.feeds import conditional, feed_list, item, rss
from tests.support.rooms import ROOT
from tests.support.stack import Stack
from tests.support.until import until
from tests.support.upstream import upstream
from tests.support.yahoo import FakeYahoo

pytestmark = pytest.mark.timeout(600)

ARTICLES, SYMBOLS = 25, {"BBCA.JK": "Asia/Jakarta", "AAPL": "America/New_York"}


@contextmanager
def demo(stack: Stack, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`make demo`, ended by Ctrl-C."""
    words = [sys.executable, "-m", "deploy", "demo", "--data", str(stack.data)]
    with out.open("wb") as to:
        process = subprocess.Popen(
            words, cwd=ROOT, env=stack.environment, stdout=to, stderr=subprocess.STDOUT
        )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, out.read_text()[-4000:]
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(60)


def test_the_demo_is_fed_live(tmp_path: Path) -> None:
    with upstream() as news, upstream() as prices:
        news.answers["/rss"] = conditional(
            rss([item(number, date=datetime.now(UTC).isoformat()) for number in range(ARTICLES)])
        )
        yahoo = FakeYahoo(prices, SYMBOLS, (datetime.now(UTC) - timedelta(days=120)).date())
        for symbol in SYMBOLS:
            yahoo.say(symbol, 100.0, round(datetime.now(UTC).timestamp()) - 60)
        watchlist = tmp_path / "watchlist.toml"
        watchlist.write_text(f"symbols = {list(SYMBOLS)}")
        feeds = feed_list(tmp_path / "feeds.toml", {"kabar": f"{news.url}/rss"})
        stack = Stack(
            tmp_path / "data",
            {
                "DENYUT_LIVE_PROBE_URL": f"{news.url}/rss",
                "DENYUT_RSS_FEEDS": str(feeds),
                "DENYUT_YAHOO_URL": prices.url,
                "DENYUT_YAHOO_WATCHLIST": str(watchlist),
                "DENYUT_YAHOO_GAP_S": "0",
            },
        )
        out = tmp_path / "demo.out"
        with demo(stack, out):
            shown = re.compile(rf"mentions {ARTICLES} .*fed by RSS and Yahoo, live")
            until(lambda: shown.search(out.read_text()) is not None, "mentions on the screen", 180)
            stack.wait()
            assert stack.sql("SELECT source, count() AS n FROM mentions GROUP BY source") == [
                {"source": "kabar", "n": ARTICLES}
            ]
            assert stack.value("SELECT count() FROM quotes") == len(SYMBOLS)
            outcomes = stack.sql(
                "SELECT DISTINCT collector, source FROM runs WHERE outcome = 'ok' AND source != 'canary' ORDER BY ALL"
            )
            assert [tuple(row.values()) for row in outcomes] == [
                ("rss", "kabar"),
                ("yahoo", "history"),
                ("yahoo", "quotes"),
            ]
        first = out.read_text().splitlines()[0]
        assert first.startswith("Denyut: live: news by RSS, prices by Yahoo")
