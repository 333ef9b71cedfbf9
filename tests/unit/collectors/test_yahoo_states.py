"""The state that a reader is shown of Yahoo's quotes after one run, whatever it answers; the contract of collectors is about posts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from yfinance.data import YfData

from api.sources import Limits, Seen, state_of
from producers.settings import ProducerSettings
from tests.support.upstreams import Fault
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.yahoo import YahooUpstream

HOUR = 3_600_000
ALWAYS = 100


@pytest.fixture
def server() -> Iterator[YahooUpstream]:
    # One for the whole process keeps the cookie and the crumb; every test begins without.
    YfData._instances.clear()
    YfData.cache_get.cache_clear()
    upstream = YahooUpstream()
    yield upstream
    upstream.close()


@pytest.mark.parametrize(
    ("fault", "outcome", "state"),
    [
        ("403", "auth", "broken"),
        ("429", "throttled", "throttled"),
        ("500", "error", "broken"),
        ("empty", "error", "broken"),
        ("malformed", "error", "broken"),
        ("frozen", "empty", "quiet"),
    ],
)
def test_one_run_is_enough_for_the_state(
    server: YahooUpstream, tmp_path: Path, fault: Fault, outcome: str, state: str
) -> None:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    # yfinance goes on to write where it was first told to.
    found = Driver(server.build(ProducerSettings.model_validate({**given, "data_dir": tmp_path})))
    server.publish(2)
    well = found.run().run
    newest = well["newest_item_at"]
    assert (well["outcome"], well["published"]) == ("ok", 2)
    assert newest is not None
    limits = Limits(late=HOUR, enriched=HOUR, quiet=well["ended_at"] - newest + 1)
    seen = Seen("ok", well["ended_at"], [well["started_at"]], newest, None)
    assert state_of(seen, limits, well["ended_at"])[0] == "ok"
    server.publish(2)
    server.fault(fault, ALWAYS)
    later = found.run()
    assert (later.run["outcome"], later.run["published"]) == (outcome, 0), later.run
    now = later.run["ended_at"] + 60_000
    seen = Seen(later.run["outcome"], later.run["ended_at"], [later.run["started_at"]], newest, None)
    assert state_of(seen, limits, now)[0] == state
