"""Fetches what the web has: only what changed, within limits, politely; every kind of failure becomes a decision."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ssl import SSLContext
from threading import Event

import httpx

from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.web.addresses import Gate, Resolve, is_address, resolve
from producers.web.body import read_body
from producers.web.limits import Limits
from producers.web.overdue import in_time
from producers.web.refusals import refused
from producers.web.turns import web_turns
from schemas.errors import Retryable

_REDIRECTS = 5
_ADDRESSES = 4
"""How many addresses of a host are tried where it cannot be connected to."""
_SAID_BYTES = 4_000
_QUOTA_DIGITS = 18
"""More do not fit the field of a run."""
_MOVED = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED = 200, 304
_PORTS = {"http": 80, "https": 443}

Explain = Callable[[bytes], str]
"""What the beginning of the body of an error says, in a few words; empty where it says nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent; `etag` and `modified` make the next request conditional."""

    url: str
    body: bytes
    content_type: str
    etag: str | None
    modified: str | None
    quota_left: int | None


class Fetcher:
    """Asks for feeds, pages and services; used by several threads, each host gets one request at a time.

    It connects to addresses that were checked, keeps no cookies, and shows `secrets` to the host they are meant for alone,
    never in the clear where they were meant for TLS.
    """

    def __init__(
        self,
        settings: ProducerSettings,
        limits: Limits,
        accept: str,
        *,
        secrets: Mapping[str, str] | None = None,
        explain: Explain | None = None,
        find: Resolve = resolve,
    ) -> None:
        self._limits = limits
        self._secrets = dict(secrets or {})
        self._explain = explain
        self._turns = web_turns(settings)
        self._gate = Gate([one for one in settings.web_inside.replace(" ", "").split(",") if one], find)
        self._through = settings.web_proxy
        headers = {"user-agent": user_agent(settings.contact), "accept": accept, "accept-encoding": "gzip"}
        self._client = httpx.Client(
            headers=headers,
            follow_redirects=False,
            trust_env=False,
            proxy=self._through or None,
            verify=_tls(),
            # Connections are to addresses, which hosts share: none is used again, perhaps for another host.
            limits=httpx.Limits(max_keepalive_connections=0),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def get(
        self,
        url: str,
        etag: str | None,
        modified: str | None,
        stop: Event,
        total_s: float | None = None,
        gap_s: float = 0.0,
        found_at: str | None = None,
    ) -> Answer | None:
        """What is at `url`; None where it is as it was when `etag` and `modified` were given.

        `gap_s` is the least pause since the last request to that host. `found_at` is the address of a list that an operator
        wrote, where `url` was found there and is not an operator's own. Raises Backpressure, Lasting or Retryable.
        """
        conditions = {
            name: value
            for name, value in (("if-none-match", etag), ("if-modified-since", modified))
            if value and value.isascii()
        }
        total_s = self._limits.total_s if total_s is None else total_s
        first = target = _address(url)
        meant = _host(first if found_at is None else _address(found_at))
        for _ in range(_REDIRECTS + 1):
            if target.scheme not in _PORTS or not _host(target):
                raise Lasting(f"is sent on to {str(target)[:200]!r}, which is no web address")
            same = (target.scheme, target.netloc) == (first.scheme, first.netloc)
            secrets = self._secrets if same else {}
            with self._turns.turn(target.netloc.decode(), stop, total_s, gap_s):
                found = self._ask(target, meant, {**conditions, **secrets}, stop, total_s)
            if not isinstance(found, httpx.URL):
                return found
            target = found
        raise Lasting(f"is sent on more than {_REDIRECTS} times")

    def _ask(
        self, target: httpx.URL, meant: str, headers: Mapping[str, str], stop: Event, total_s: float
    ) -> Answer | httpx.URL | None:
        """One request: the answer, where it is sent on to, or None where nothing changed."""
        read_s = min(self._limits.read_s, total_s)
        timeout = httpx.Timeout(read_s, connect=min(self._limits.connect_s, total_s))
        deadline = time.monotonic() + total_s
        host = target.raw_host.decode()
        # A proxy looks names up by itself.
        addresses: Sequence[str] = [host]
        if not self._through or is_address(host):
            port = target.port or _PORTS[target.scheme]
            addresses = self._gate.addresses(host, port, meant)[:_ADDRESSES]
        for tried, address in enumerate(addresses, 1):
            request = self._client.build_request(
                "GET",
                target.copy_with(host=address),
                headers={**headers, "host": target.netloc.decode()},
                timeout=timeout,
                extensions={"timeout": timeout.as_dict(), "sni_hostname": host},
            )
            try:
                with in_time(deadline, stop) as request.extensions["trace"]:
                    response = self._client.send(request, stream=True)
                    try:
                        return self._read(response, target, stop, deadline)
                    finally:
                        response.close()
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if tried == len(addresses) or time.monotonic() >= deadline or stop.is_set():
                    raise Retryable(f"{type(error).__name__}: {error}") from error
            except httpx.TimeoutException as error:
                raise Retryable(f"no answer in time ({type(error).__name__})") from error
            except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
                raise Lasting(f"no web address: {error}") from error
            except httpx.HTTPError as error:
                raise Retryable(f"{type(error).__name__}: {error}") from error
        raise Retryable(f"ConnectError: {host!r} has no address")

    def _read(
        self, response: httpx.Response, target: httpx.URL, stop: Event, deadline: float
    ) -> Answer | httpx.URL | None:
        if response.status_code in _MOVED and "location" in response.headers:
            return target.join(response.headers["location"])
        if response.status_code == _NOT_MODIFIED:
            return None
        if response.status_code != _OK:
            raise self._refusal(response, bool(target.userinfo or self._secrets), stop, deadline)
        body = read_body(response, self._limits, deadline, stop)
        headers = response.headers
        return Answer(
            str(target.copy_with(username=None, password=None)),
            body,
            headers.get("content-type", ""),
            headers.get("etag"),
            headers.get("last-modified"),
            _quota(headers),
        )

    def _refusal(
        self, response: httpx.Response, with_credentials: bool, stop: Event, deadline: float
    ) -> Retryable:
        told = f"HTTP {response.status_code} {response.reason_phrase}".rstrip()
        if self._explain is not None:
            said = ""
            # What it says is an extra: that it cannot be read changes nothing about the status.
            with suppress(Retryable, httpx.HTTPError):
                few = replace(self._limits, max_bytes=_SAID_BYTES)
                said = self._explain(read_body(response, few, deadline, stop))
            told = f"{told}: {said}" if said else told
        return refused(response.status_code, told, response.headers, with_credentials=with_credentials)


@cache
def _tls() -> SSLContext:
    """One for all: reading the certificates of the system takes longer than most requests."""
    return httpx.create_ssl_context()


def user_agent(contact: str) -> str:
    """Who asks: the project, its version, and who runs it."""
    try:
        number = version("denyut")
    except PackageNotFoundError:
        number = "0"
    return f"Denyut/{number} (news feed reader{f'; {contact}' if contact else ''})"


def _address(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Lasting(f"no web address: {error}") from error


def _host(url: httpx.URL) -> str:
    """Its name as people read it, which is decoded only here; raises Lasting where it cannot be."""
    try:
        return url.host
    except ValueError as error:
        raise Lasting(f"no web address: {error}") from error


def _quota(headers: httpx.Headers) -> int | None:
    for name in ("ratelimit-remaining", "x-ratelimit-remaining"):
        given = headers.get(name, "").strip()
        if given.isascii() and given.isdigit() and len(given) <= _QUOTA_DIGITS:
            return int(given)
    return None
