from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from processors.logic.spans import WINDOWS, Spans


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_days_are_cut_where_the_setting_says() -> None:
    start, end = Spans("Asia/Jakarta").span("1d", millis("2015-07-01T16:59:59Z"))
    assert (start, end) == (millis("2015-07-01T00:00:00+07:00"), millis("2015-07-02T00:00:00+07:00"))
    assert Spans("Asia/Jakarta").span("1d", millis("2015-07-01T17:00:00Z"))[0] == end


@pytest.mark.parametrize(
    "zone", ["Asia/Jakarta", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "UTC"]
)
def test_windows_tile_time(zone: str) -> None:
    spans = Spans(zone)
    moment = datetime(2015, 10, 24, tzinfo=UTC)
    while moment < datetime(2015, 11, 4, tzinfo=UTC):
        at = int(moment.timestamp() * 1000)
        for window in WINDOWS:
            start, end = spans.span(window, at)
            assert start <= at < end
            assert spans.span(window, start) == (start, end)
            assert spans.span(window, end)[0] == end
        day = spans.span("1d", at)[0]
        local = datetime.fromtimestamp(day / 1000, tz=ZoneInfo(zone))
        assert (local.hour, local.minute) == (0, 0)
        moment += timedelta(minutes=47)


def test_a_gap_counts_the_windows_between_across_a_change_of_clocks() -> None:
    spans = Spans("America/New_York")
    first, last = millis("2015-10-30T00:00:00-04:00"), millis("2015-11-03T00:00:00-05:00")
    assert spans.gap("1d", first, last) == 3
    assert spans.gap("1h", 0, 3_600_000) == 0
    assert spans.gap("5m", 0, 3_600_000) == 11
    assert spans.gap("1m", 60_000, 60_000) == 0
