"""Clients that are no good: who does not read, who has gone without a word, whose token ends."""

import re
import socket
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from tests.conformance.deployment import Deployment, Subject, place
from tests.conformance.figures import closed, soon, streams
from tests.conformance.sequences import Counted, whole
from tests.conformance.suite import Check, Size, Unasked, must

_LARGE = "x" * 8_000
_TCP_REPAIR = 19
"""Linux: a socket closed in this state is gone without a packet, as after a power cut."""
_PATIENCE_S = 60


def stalled(deployment: Deployment, _: Size) -> str:
    """Who does not read is closed with a reason while others read on, and goes on by his id without a loss."""
    subject = Subject(deployment)
    counted = Counted()
    other = deployment.client(subject.query, on_event=counted, keep=place, follow=True).connect().opened()
    slow = listening(deployment, subject.query, receive_bytes=4096)
    begun, ended = read(slow, until=b"\n\n")
    must(not ended, "it ended at once")
    before = closed(deployment, "overflow", "stalled")
    # More than any client may let wait: its buffer here, the kernel's, and what the api holds for it.
    for _turn in range(40):
        deployment.say(subject, 50, text=_LARGE)
        other.until(
            lambda: counted.count >= len(subject.said) - 100, "the other client reads on", _PATIENCE_S
        )
        if before is not None and closed(deployment, "overflow", "stalled") != before:
            break
    rest, ended = read(slow, until=None)
    slow.close()
    must(ended, "it was never closed")
    text = (begun + rest).decode(errors="replace")
    reasons = re.findall(r'event: close\ndata: \{"reason":"(\w+)"\}', text)
    must(reasons in (["overflow"], ["stalled"], []), f"closed for {reasons}")
    ids = re.findall(r"^id: (\S+)\n(?:.+\n)+\n", text, re.MULTILINE)
    seen = len(re.findall(r"^event: mentions$", text.rpartition("\n\n")[0], re.MULTILINE))
    must(seen < len(subject.said), "all of it went into buffers that have no bound")
    later = Counted()
    again = deployment.client(subject.query, on_event=later, keep=place, follow=True).connect(ids[-1])
    again.until(lambda: later.count >= len(subject.said) - seen, "the rest", _PATIENCE_S)
    again.stop()
    must(
        later.count == len(subject.said) - seen, f"{seen} before, {later.count} after, of {len(subject.said)}"
    )
    must(not later.resets, "a reset")
    whole(subject, other, counted)
    return f"closed after {seen} of {len(subject.said)} events: {reasons or ['cut']}"


def vanished(deployment: Deployment, _: Size) -> str:
    """A peer that is gone without a packet is noticed, and its place given back."""
    subject = Subject(deployment)
    before = streams(deployment)
    peer = listening(deployment, subject.query)
    read(peer, until=b"\n\n")
    soon(lambda: streams(deployment) > before, "it is counted")
    try:
        peer.setsockopt(socket.IPPROTO_TCP, _TCP_REPAIR, 1)
    except OSError as error:
        peer.close()
        raise Unasked(f"needs CAP_NET_ADMIN: {error}") from None
    peer.close()
    waited = soon(lambda: streams(deployment) <= before, "it is noticed")
    return f"noticed after {waited:.1f} s"


def expired(deployment: Deployment, _: Size) -> str:
    """A stream ends with its token and says so; the token opens no other."""
    began = deployment.token
    try:
        # On a busy machine a token may have ended before the stream has begun: then a longer one.
        for seconds in (3, 20, 120):
            deployment.token = deployment.signed(seconds)
            client = deployment.client().connect()
            client.until(lambda c=client: bool(c.of("open")) or not c.open, "a stream, or a refusal")  # type: ignore[misc]  # bound now
            if client.of("open"):
                break
        client.until(lambda: not client.open, "the end of the stream", 2 * _PATIENCE_S + 20)
        reasons = [one["reason"] for one in client.of("close")]
        must(reasons == ["expired"], f"it ended for {reasons}")
        client.connect()
        client.until(lambda: not client.open, "the refusal")
        must(client.status == 401, f"answered {client.status}")
        must("www-authenticate" in client.headers, "no challenge")
    finally:
        deployment.token = began
    return "close: expired, then 401"


def listening(
    deployment: Deployment,
    query: Mapping[str, str],
    address: str | None = None,
    receive_bytes: int | None = None,
) -> socket.socket:
    """A plain socket that has asked for the stream, at the deployment or at a proxy's address."""
    parts = urlsplit(address or deployment.address)
    opened = socket.socket()
    if receive_bytes is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    opened.settimeout(_PATIENCE_S)
    opened.connect((parts.hostname or "", parts.port or 80))
    headers = "".join(f"{name}: {value}\r\n" for name, value in deployment.headers().items())
    path = f"/api/v1/stream?{urlencode(query)}"
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}\r\n".encode())
    return opened


def read(source: socket.socket, until: bytes | None) -> tuple[bytes, bool]:
    """What comes until some bytes, or until the end (True); without the lines of HTTP's chunks."""
    found = b""
    while until is None or until not in found.partition(b"\r\n\r\n")[2]:
        try:
            piece = source.recv(65_536)
        except ConnectionError:
            piece = b""
        if not piece:
            return _dechunked(found), True
        found += piece
        if until is None and found.endswith(b"0\r\n\r\n"):
            return _dechunked(found), True
    return _dechunked(found), False


def _dechunked(raw: bytes) -> bytes:
    return re.sub(rb"\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n|\r\n$", b"", raw.partition(b"\r\n\r\n")[2] or raw)


CHECKS = (
    Check("a reader that stalls", stalled, ("kafka",)),
    Check("a peer that vanishes", vanished),
    Check("a token that ends", expired, ("secret",)),
)
