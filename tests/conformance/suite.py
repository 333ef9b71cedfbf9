"""Runs checks one after the other and says how each went."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import httpx
from websockets.exceptions import WebSocketException

from tests.conformance.deployment import Deployment, Need


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked of it."""

    events: int
    cuts: int


SHORT = Size(events=3_000, cuts=12)
TINY = Size(events=600, cuts=6)
LONG = Size(events=1_000_000, cuts=1_000)


class Unmet(Exception):  # noqa: N818 -- a finding about the deployment
    """It does not do what a client may rely on."""


class Unasked(Exception):  # noqa: N818 -- a finding about the deployment
    """It could not be asked."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: what it is called, what it needs, and who asks. `ask` returns what it saw, or raises Unmet or Unasked."""

    name: str
    ask: Callable[[Deployment, Size], str]
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check went."""

    name: str
    state: Literal["kept", "broken", "skipped"]
    detail: str
    seconds: float


def run(
    deployment: Deployment, checks: Sequence[Check], size: Size, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Every check, each told of when it has ended."""
    found = []
    for check in checks:
        began = time.monotonic()
        state, detail = _asked(deployment, check, size)
        outcome = Outcome(check.name, state, detail, round(time.monotonic() - began, 1))
        told(outcome)
        found.append(outcome)
    return found


def _asked(
    deployment: Deployment, check: Check, size: Size
) -> tuple[Literal["kept", "broken", "skipped"], str]:
    missing = deployment.missing(check.needs)
    if missing:
        return "skipped", f"needs {', '.join(missing)}"
    try:
        return "kept", check.ask(deployment, size)
    except Unasked as error:
        return "skipped", str(error)
    except (Unmet, httpx.HTTPError, WebSocketException, OSError, LookupError, TypeError, ValueError) as error:
        # An answer of another shape than promised is a promise broken, too.
        return "broken", f"{type(error).__name__}: {error}"


def must(held: bool, otherwise: str) -> None:
    """Raise Unmet where it does not hold."""
    if not held:
        raise Unmet(otherwise)


def table(outcomes: Sequence[Outcome]) -> str:
    """For people."""
    width = max(len(one.name) for one in outcomes)
    lines = [f"{one.state:8}{one.name:{width}}  {one.seconds:6.1f} s  {one.detail}" for one in outcomes]
    counts = {state: sum(one.state == state for one in outcomes) for state in ("kept", "broken", "skipped")}
    return "\n".join([*lines, ", ".join(f"{count} {state}" for state, count in counts.items())])


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """For programs."""
    return [asdict(one) for one in outcomes]
