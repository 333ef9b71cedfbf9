"""The data folder of a stack: held once, remembered, cleared after a crash; its logs and ports."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy import folder as folders
from deploy.folder import DataFolder, find, is_alive, pointed_to
from deploy.logfiles import KEPT, last_line, rotate
from deploy.ports import free_port, is_free, settle
from deploy.process import Snapshot
from deploy.state import StackState
from schemas.errors import Fatal


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def state(pid: int, started: float, processes: tuple[Snapshot, ...] = ()) -> StackState:
    return StackState(pid, started, True, "http://a", "k:1", "http://c", "denyut", "denyut.", 4, processes)


def started(pid: int) -> float:
    since: float = psutil.Process(pid).create_time()
    return since


def test_a_held_folder_is_refused_naming_who_holds_it(tmp_path: Path) -> None:
    hold = f"import sys; from pathlib import Path; from deploy.folder import DataFolder\nwith DataFolder(Path({str(tmp_path)!r})).held(): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    try:
        with pytest.raises(Fatal, match=f"in use by process {other.pid}"), DataFolder(tmp_path).held():
            pass
    finally:
        other.kill()
        other.communicate()
    with DataFolder(tmp_path).held():
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fatal, match="cannot be written"), DataFolder(tmp_path / "file" / "data").held():
        pass


def test_leftovers_of_a_crash_are_killed_and_strangers_are_not(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    folder = DataFolder(tmp_path)
    when = started(sleeper.pid)
    with folder.held():
        assert folder.clear_leftovers() == []
        # The same pid with another start time is another process.
        stranger = Snapshot("other", sleeper.pid, when - 50, "running", 0)
        folder.write_state(state(2**22 + 1, 1.0, (stranger,)))
        assert folder.clear_leftovers() == []
        assert sleeper.poll() is None
        ours = Snapshot("stage", sleeper.pid, when, "running", 0)
        folder.write_state(state(2**22 + 1, 1.0, (ours,)))
        assert folder.running() is None
        assert folder.clear_leftovers() == ["stage"]
    assert not psutil.pid_exists(sleeper.pid)


def test_aliveness_goes_by_pid_and_start_time(sleeper: subprocess.Popen[bytes]) -> None:
    when = started(sleeper.pid)
    assert is_alive(sleeper.pid, when)
    assert not is_alive(sleeper.pid, when + 1)
    sleeper.kill()
    sleeper.wait()
    assert not is_alive(sleeper.pid, when)


def test_passwords_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = DataFolder(tmp_path).passwords()
    assert len(set(made)) == 3
    assert min(map(len, made)) >= 32
    assert DataFolder(tmp_path).passwords() == made
    assert stat.S_IMODE((tmp_path / "passwords.json").stat().st_mode) == 0o600


def test_a_password_that_an_older_folder_lacks_is_made_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "passwords.json").write_text('{"writer": "w", "reader": "r"}')
    made = DataFolder(tmp_path).passwords()
    assert made[:2] == ("w", "r")
    assert len(made.owners) >= 32
    assert DataFolder(tmp_path).passwords() == made


def test_the_running_stack_is_found_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sleeper: subprocess.Popen[bytes]
) -> None:
    monkeypatch.setattr(folders, "POINTERS", tmp_path / "build" / "running")
    default, data, other = tmp_path / "default", tmp_path / "data", tmp_path / "other"
    assert find(None, default).root == default
    data.mkdir()
    other.mkdir()
    with pointed_to(data), pointed_to(other):
        assert find(None, default).root == default, "nothing runs there"
        DataFolder(data).write_state(state(os.getpid(), started(os.getpid())))
        assert find(None, default).root == data
        assert find(tmp_path / "named", default).root == tmp_path / "named"
        DataFolder(other).write_state(state(sleeper.pid, started(sleeper.pid)))
        with pytest.raises(Fatal, match=f"several stacks run from here.*{data}.*--data"):
            find(None, default)
        assert find(other, default).root == other
    assert find(None, default).root == default


def test_a_state_of_another_version_is_no_stack(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"pid": 1, "processes": []}')
    assert DataFolder(tmp_path).running() is None
    with DataFolder(tmp_path).held():
        assert DataFolder(tmp_path).clear_leftovers() == []


def test_ports_stay_and_taken_ones_are_replaced_or_named() -> None:
    first = settle({"kafka": 0, "api": 0}, {})
    assert len(set(first.values())) == 2
    assert settle({"kafka": 0, "api": 0}, first) == first
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", first["api"]))
        holder.listen()
        assert not is_free(first["api"])
        again = settle({"kafka": 0, "api": 0}, first)
        assert again["kafka"] == first["kafka"]
        assert again["api"] != first["api"]
        with pytest.raises(Fatal, match=f"port {first['api']} is taken.*DENYUT_API_PORT"):
            settle({"kafka": 0, "api": first["api"]}, {})


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port() < lowest


def test_logs_are_bounded_while_their_writer_keeps_them_open(tmp_path: Path) -> None:
    path = tmp_path / "stage.log"
    with path.open("ab", buffering=0) as writer:
        for round_ in range(KEPT + 2):
            assert not rotate(path, 100)
            writer.write(f"round {round_}\n".encode() + b"x" * 100 + b"\n")
            assert rotate(path, 100)
        writer.write(b"after\n\n")
    assert path.read_bytes() == b"after\n\n"
    assert last_line(path) == "after"
    kept = sorted(old.name for old in tmp_path.glob("stage.log.*"))
    assert kept == [f"stage.log.{age}" for age in range(1, KEPT + 1)]
    assert (tmp_path / "stage.log.1").read_text().startswith(f"round {KEPT + 1}\n")
    assert last_line(tmp_path / "none.log") == ""
