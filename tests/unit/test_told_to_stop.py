"""Signals come between any two steps, also below a lock of the main thread: nobody who is told to stop waits for itself."""

import subprocess
import sys

from tests.support.rooms import ROOT

WAITING_FOR_SCHEMAS = """
import os, signal, sys
import structlog
from schemas import registry_ids

class ToldWhileWriting:
    def write(self, line):
        sys.stderr.write(line)
        if "waiting" in line:
            os.kill(os.getpid(), signal.SIGTERM)

    def flush(self):
        sys.stderr.flush()

structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=ToldWhileWriting()))
with registry_ids._ended_by_signals():
    registry_ids.log.warning("waiting")
    print("went on")
"""

COLLECTING = """
import os, signal
from producers.__main__ import _stop_on_signals

stop = _stop_on_signals()
with stop._cond:  # as within its set(), which the main thread calls once the collectors are done
    os.kill(os.getpid(), signal.SIGTERM)
print("stopped" if stop.wait(30) else "never told")
"""


GIVEN_TO_ANOTHER_THREAD = """
import signal, threading, time
from producers.__main__ import _stop_on_signals

stop = _stop_on_signals()
def given():
    time.sleep(0.2)  # until the main thread waits, which does not wake it
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)
threading.Thread(target=given, daemon=True).start()
stop.wait()
print("stopped")
"""

LEFT_HANGING = """
import atexit, sys, threading
from queue import SimpleQueue
import producers.__main__ as room
from producers.reading import Reading

class Hanging:
    name = "hanging"
    def collect(self, *_):
        threading.Event().wait()
        yield

def command(arguments, settings):
    Reading(Hanging(), "one", {}, SimpleQueue()).start()
    print("told to stop")

atexit.register(print, "taken down")
room._command = command
sys.argv = ["producers", "list"]
sys.exit(room.main())
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )


def test_a_process_that_waits_for_schemas_ends_when_told_while_it_writes_a_log_line() -> None:
    ended = run(WAITING_FOR_SCHEMAS)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "told_to_stop" in ended.stderr
    assert "SIGTERM" in ended.stderr


def test_collectors_stop_when_told_while_the_main_thread_says_so_itself() -> None:
    ended = run(COLLECTING)
    assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr


def test_collectors_stop_whichever_thread_is_given_the_signal() -> None:
    """Seen once in some hundred stops: the main thread waited on, and everything was collected for ever."""
    ended = run(GIVEN_TO_ANOTHER_THREAD)
    assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr


def test_a_run_that_hangs_in_a_library_is_not_met_by_an_interpreter_that_is_taken_down() -> None:
    ended = run(LEFT_HANGING)
    assert (ended.returncode, ended.stdout) == (0, "told to stop\n"), ended.stderr
