"""One line of a library's code is logged 20 times a minute at most, and what was left out is told; `configure` sees to it."""

import io
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock

import pytest
import structlog

from schemas import logs
from schemas.log_flood import MOST_LINES, MOST_RECORDS, WINDOW_S, Flood, tell
from schemas.settings import Settings


def record(line: int, message: str, *args: object, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("library", level, "/library/client.py", line, message, args, None)


class Hearing:
    """A handler with the filter and the formatter, at a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._text = io.StringIO()
        self.handler = logging.StreamHandler(self._text)
        self.handler.addFilter(Flood(lambda: self.now))
        self.handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[tell], processors=[lambda _logger, _method, event: event["event"]]
            )
        )

    def log(self, line: int, message: str, *args: object, level: int = logging.WARNING) -> None:
        self.handler.handle(record(line, message, *args, level=level))

    def heard(self) -> list[str]:
        """What was written since this was last asked."""
        lines = self._text.getvalue().splitlines()
        self._text.seek(0)
        self._text.truncate()
        return lines


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


def test_one_line_of_code_is_heard_twenty_times_in_a_window(hearing: Hearing) -> None:
    for number in range(50):
        hearing.log(7, f"away {number}")
        hearing.now += 1.0
    assert hearing.heard() == [f"away {number}" for number in range(20)]


def test_the_first_of_the_next_window_tells_how_many_were_left_out_and_only_the_first(
    hearing: Hearing,
) -> None:
    for _ in range(MOST_RECORDS + 1_234):
        hearing.log(7, "away")
    hearing.now += WINDOW_S - 0.5
    hearing.log(7, "away")
    assert hearing.heard() == ["away"] * MOST_RECORDS, "the window had not ended"
    hearing.now += 0.5
    for _ in range(MOST_RECORDS + 1):
        hearing.log(7, "away")
    told, *others = hearing.heard()
    assert told == "away (and 1,235 more like it in the last 60 s)"
    assert others == ["away"] * (MOST_RECORDS - 1), "the one that told is one of the twenty"


def test_how_long_ago_the_rest_was_left_out_is_true_after_a_silence_too(hearing: Hearing) -> None:
    for _ in range(MOST_RECORDS + 1):
        hearing.log(7, "away")
    hearing.now += 7_200
    hearing.log(7, "away")
    assert hearing.heard()[-1] == "away (and 1 more like it in the last 7,200 s)"


def test_nothing_is_told_where_nothing_was_left_out(hearing: Hearing) -> None:
    for _ in range(3):
        for _ in range(MOST_RECORDS):
            hearing.log(7, "away")
        hearing.now += WINDOW_S
    assert hearing.heard() == ["away"] * 3 * MOST_RECORDS


def test_other_lines_of_code_and_other_loggers_are_heard_beside_a_flood(hearing: Hearing) -> None:
    for _ in range(MOST_RECORDS * 2):
        hearing.log(7, "away")
    hearing.heard()
    hearing.log(8, "another line")
    hearing.handler.handle(
        logging.LogRecord("library", logging.WARNING, "/other/client.py", 7, "another file", None, None)
    )
    hearing.handler.handle(
        logging.LogRecord("other", logging.WARNING, "/library/client.py", 7, "another logger", None, None)
    )
    assert hearing.heard() == ["another line", "another file", "another logger"]


def test_what_is_critical_always_passes_and_is_not_counted(hearing: Hearing) -> None:
    for _ in range(MOST_RECORDS * 2):
        hearing.log(7, "lost", level=logging.CRITICAL)
    assert hearing.heard() == ["lost"] * MOST_RECORDS * 2
    for _ in range(MOST_RECORDS * 2):
        hearing.log(7, "away", level=logging.ERROR)
    hearing.log(7, "lost", level=logging.CRITICAL)
    assert hearing.heard() == ["away"] * MOST_RECORDS + ["lost"]


def test_arguments_are_formatted_and_what_is_told_is_no_format(hearing: Hearing) -> None:
    for _ in range(MOST_RECORDS + 1):
        hearing.log(7, "%s is away, %d%% of %s", "broker-1", 50, "%d")
    hearing.now += WINDOW_S
    hearing.log(7, "%(who)s is away", {"who": "100%s"})
    first, *_, told = hearing.heard()
    assert first == "broker-1 is away, 50% of %d"
    assert told == "100%s is away (and 1 more like it in the last 60 s)"


def test_other_handlers_get_every_record_as_it_was_logged(hearing: Hearing) -> None:
    text = io.StringIO()
    other = logging.StreamHandler(text)
    logger = logging.Logger("library")  # noqa: LOG001 - one that no other test can reach
    logger.addHandler(hearing.handler)
    logger.addHandler(other)
    for number in range(MOST_RECORDS + 2):
        hearing.now += WINDOW_S * (number == MOST_RECORDS + 1)
        logger.warning("away %d", number)
    assert text.getvalue().splitlines() == [f"away {number}" for number in range(MOST_RECORDS + 2)]
    assert hearing.heard()[-1] == "away 21 (and 1 more like it in the last 60 s)"


def test_of_too_many_lines_of_code_the_one_whose_window_began_first_is_forgotten(hearing: Hearing) -> None:
    for line in range(MOST_LINES):
        for _ in range(MOST_RECORDS):
            hearing.log(line, "away")
    hearing.now += WINDOW_S
    for _ in range(MOST_RECORDS):
        hearing.log(0, "away")  # begins again: line 1 is the oldest now
    hearing.now -= WINDOW_S  # so that no other window has ended
    hearing.heard()
    hearing.log(MOST_LINES, "one more")
    for line in (0, 2, MOST_LINES - 1):
        hearing.log(line, f"line {line}")
    assert hearing.heard() == ["one more"]
    hearing.log(1, "line 1")
    assert hearing.heard() == ["line 1"]


def test_threads_that_log_at_once_are_counted_one_after_another() -> None:
    counting, alone = Lock(), []

    def clock() -> float:
        alone.append(counting.acquire(blocking=False))
        time.sleep(0.001)  # lets the other threads in, if nothing holds them off
        if alone[-1]:
            counting.release()
        return 0.0

    flood = Flood(clock)
    with ThreadPoolExecutor(8) as threads:
        passed = list(threads.map(flood.filter, [record(7, "away") for _ in range(100)]))
    assert (all(alone), sum(passed)) == (True, MOST_RECORDS)


@contextmanager
def configured(settings: Settings) -> Iterator[logging.Handler]:
    """The root logger's handler as `configure` leaves it; what it changed for the whole process is put back."""
    root, was = logging.getLogger(), structlog.get_config() if structlog.is_configured() else None
    handlers, level = root.handlers[:], root.level
    try:
        copy_context().run(logs.configure, "test", settings)  # it binds the service's name
        [handler] = root.handlers
        yield handler
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        if was is not None:
            structlog.configure(**was)


def test_what_libraries_log_is_bounded_once_logs_are_configured(capsys: pytest.CaptureFixture[str]) -> None:
    now = [1_000.0]
    with configured(Settings(log_json=True)) as handler:
        assert [type(one) for one in handler.filters] == [Flood]
        handler.filters[:] = [Flood(lambda: now[0])]  # a minute is over in no time
        for number in range(MOST_RECORDS + 6):
            now[0] += WINDOW_S * (number == MOST_RECORDS + 5)
            logging.getLogger("library.client").warning("%s is away", "broker-1")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == [
        *["broker-1 is away"] * MOST_RECORDS,
        "broker-1 is away (and 5 more like it in the last 60 s)",
    ]
    assert {line["level"] for line in lines} == {"warning"}
    assert all("timestamp" in line and "_record" not in line for line in lines)


def test_our_own_lines_are_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with configured(Settings(log_json=True)):
        for _ in range(MOST_RECORDS * 2):
            structlog.get_logger().warning("ours")
    assert len(capsys.readouterr().err.splitlines()) == MOST_RECORDS * 2
