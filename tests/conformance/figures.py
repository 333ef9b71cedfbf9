"""What a deployment says of its streams at /metrics, and waiting for it."""

import time
from collections.abc import Callable

from tests.conformance.deployment import Deployment
from tests.conformance.suite import Unasked, must


def streams(deployment: Deployment) -> float:
    """How many are open. Raises Unasked where it does not tell."""
    found = metric(deployment, "denyut_stream_connections ")
    if found is None:
        raise Unasked("needs /metrics")
    return found


def closed(deployment: Deployment, *reasons: str) -> float | None:
    """How many were closed for these reasons; None where it does not tell."""
    found = [metric(deployment, f'denyut_stream_closes_total{{reason="{one}"}} ') for one in reasons]
    return None if deployment.get("/metrics").is_error else sum(one or 0 for one in found)


def metric(deployment: Deployment, name: str) -> float | None:
    """The value of the line that begins with `name`."""
    for line in deployment.get("/metrics").text.splitlines():
        if line.startswith(name):
            return float(line.removeprefix(name))
    return None


def soon(condition: Callable[[], bool], what: str, patience_s: float = 60) -> float:
    """Wait for it; how long that took. Raises Unmet where it takes longer than `patience_s`."""
    began = time.monotonic()
    while not condition():
        must(time.monotonic() < began + patience_s, f"not within {patience_s:g} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began
