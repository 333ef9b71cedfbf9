"""The data folder of a stack: held by one supervisor at a time, with its ports, passwords, logs and state."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import orjson
import psutil

from deploy.state import StackState
from schemas.errors import Fatal

POINTERS = Path("build/running")
"""A file for every stack started from this working directory, so that other commands find the one that runs."""
_START_TOLERANCE_S = 0.02
_END_S = 10


class Passwords(NamedTuple):
    """Of the embedded ClickHouse's users."""

    writer: str
    reader: str
    owners: str


class DataFolder:
    """Paths and small files under `root`; creating it touches nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self._state = self.root / "state.json"
        self._lock = self.root / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Create the folder and hold it; raises Fatal where another process holds it or it cannot be written."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Fatal(
                f"data folder {self.root} cannot be written ({error.strerror}): name another with --data"
            ) from error
        try:
            try:
                # The kernel lets go of it when the holder dies, however it dies.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 32).decode().strip() or "unknown"
                raise Fatal(
                    f"data folder {self.root} is in use by process {holder}: "
                    f"`python -m deploy down --data {self.root}` stops it, or name another with --data"
                ) from None
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            yield
        finally:
            os.close(handle)

    def state(self) -> StackState | None:
        """What the supervisor wrote last, whether or not it still runs; None where none of this version ever did."""
        try:
            return StackState.from_json(self._state.read_bytes())
        except (FileNotFoundError, TypeError, KeyError, ValueError):
            return None

    def write_state(self, state: StackState) -> None:
        """Replace the state file."""
        self._replace(self._state, state.to_json())

    def running(self) -> StackState | None:
        """The state of the stack if its supervisor runs, else None."""
        state = self.state()
        if state is None or not is_alive(state.pid, state.started):
            return None
        return state

    def clear_leftovers(self) -> list[str]:
        """Kill what a dead supervisor's state file says ran and still does; the names. Call it holding the folder."""
        state = self.state()
        if state is None:
            return []
        left = [
            process
            for process in state.processes
            if process.pid is not None
            and process.started is not None
            and is_alive(process.pid, process.started)
        ]
        doomed = []
        for process in left:
            try:
                doomed.append(psutil.Process(process.pid))
                doomed[-1].kill()
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(doomed, timeout=_END_S)
        if alive:
            raise Fatal(
                f"processes {', '.join(str(process.pid) for process in alive)} of a crashed stack do not end"
            )
        return [process.name for process in left]

    def ports(self) -> Mapping[str, int]:
        """The remembered ports by name."""
        return self._read_map("ports.json")

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Keep the ports for the next start."""
        self._replace(self.root / "ports.json", orjson.dumps(dict(ports)))

    def passwords(self) -> Passwords:
        """ClickHouse's passwords, each made on the first call; readable by the folder's owner alone."""
        path = self.root / "passwords.json"
        kept: dict[str, str] = orjson.loads(path.read_bytes()) if path.exists() else {}
        missing = [name for name in Passwords._fields if name not in kept]
        if missing:
            kept |= {name: secrets.token_urlsafe(24) for name in missing}
            self._replace(path, orjson.dumps(kept), mode=0o600)
        return Passwords(**{name: kept[name] for name in Passwords._fields})

    def _read_map(self, name: str) -> Mapping[str, int]:
        try:
            found: Mapping[str, int] = orjson.loads((self.root / name).read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return found

    @staticmethod
    def _replace(path: Path, content: bytes, mode: int = 0o644) -> None:
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
        beside.replace(path)


def is_alive(pid: int, started: float) -> bool:
    """Whether process `pid` runs and is the one that started then: a reused pid is another process."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        since: float = process.create_time()
        return abs(since - started) <= _START_TOLERANCE_S
    except psutil.NoSuchProcess:
        return False


@contextmanager
def pointed_to(root: Path) -> Iterator[None]:
    """Let commands without --data find `root` meanwhile."""
    pointer = POINTERS / hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]
    POINTERS.mkdir(parents=True, exist_ok=True)
    pointer.write_text(str(root.absolute()), encoding="utf-8")
    try:
        yield
    finally:
        pointer.unlink(missing_ok=True)


def find(asked: Path | None, default: Path) -> DataFolder:
    """The folder asked for, else that of the stack that runs from this working directory, else the default.

    Raises Fatal where several run: none of them is stopped or read by mistake.
    """
    if asked is not None:
        return DataFolder(asked)
    found = [folder for folder in _pointed() if folder.running() is not None]
    if len(found) > 1:
        raise Fatal(
            f"several stacks run from here ({', '.join(str(folder.root) for folder in found)}): "
            "name one with --data"
        )
    return found[0] if found else DataFolder(default)


def _pointed() -> Iterator[DataFolder]:
    for pointer in sorted(POINTERS.glob("*")):
        # One that stops just now takes its pointer away.
        with suppress(FileNotFoundError):
            yield DataFolder(Path(pointer.read_text(encoding="utf-8")))
