"""Who sends to the webhook: signed requests, each again and again until it is accepted, and others that must not be."""

import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory

import httpx

from tests.support.ports import free_port
from tests.support.webhooks import body_of, send, senders_file, signed

_AGAIN_S = 0.3
_IDLE_S = 0.2
_ACCEPTED = 202


class WebhookSender:
    """A thread that sends what is published, one request after the other."""

    name = "webhook"

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._port = free_port()
        self._waiting: SimpleQueue[list[str]] = SimpleQueue()
        self._ended = threading.Event()
        self._made = 0
        self.wrongly_accepted = 0
        self.waited_s = 0.0
        """For the answers of those requests that were accepted."""
        self._thread = threading.Thread(target=self._run, name="webhook-sender", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the webhook listens, without a final slash."""
        return f"http://127.0.0.1:{self._port}"

    def settings(self) -> dict[str, str]:
        """Who may send, and where to listen."""
        return {
            "DENYUT_WEBHOOK_SENDERS": str(senders_file(Path(self._folder.name) / "senders.toml")),
            "DENYUT_WEBHOOK_PORT": str(self._port),
            "DENYUT_WEBHOOK_RUN_S": "2",
        }

    def publish(self, n: int) -> list[str]:
        """One request with `n` more posts; their ids."""
        names = [str(number) for number in range(self._made, self._made + n)]
        self._made += n
        self._waiting.put(names)
        return [f"webhook:partner/{name}" for name in names]

    def misuse(self) -> None:
        """Send a post with somebody else's signature, which nobody must take."""
        body = body_of({"id": "forged", "text": "IHSG palsu"})
        try:
            answer = send(self.url, body, signed(body, key="not the partner's"))
        except httpx.HTTPError:
            return
        self.wrongly_accepted += answer.status_code == _ACCEPTED

    def close(self) -> None:
        """Send nothing more."""
        self._ended.set()
        self._thread.join()
        self._folder.cleanup()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                names = self._waiting.get(timeout=_IDLE_S)
            except Empty:
                continue
            body = body_of(*({"id": name, "text": f"IHSG naik {name}"} for name in names))
            while not self._ended.is_set() and not self._accepted(body):
                self._ended.wait(_AGAIN_S)

    def _accepted(self, body: bytes) -> bool:
        began = time.monotonic()
        # Its time is part of what is signed: a request that was refused as a repeat is another one a second later.
        try:
            accepted = send(self.url, body, signed(body)).status_code == _ACCEPTED
        except httpx.HTTPError:
            return False
        self.waited_s += accepted * (time.monotonic() - began)
        return accepted
