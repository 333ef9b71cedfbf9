"""The browser's only way out leads to public addresses alone, whatever a page wants; what it may take is bounded."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from producers.base import Lasting
from producers.browser.gateway import Gateway
from producers.browser.page import Browser, resident_mb
from producers.settings import ProducerSettings
from producers.web.addresses import Gate
from schemas.errors import Fatal, Retryable
from tests.support.upstream import Reply, Upstream, upstream

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as made:
        made.answers["/"] = Reply(body=b"hello", headers=HTML)
        yield made


def asked(gateway: Gateway, text: str) -> bytes:
    """What the gateway answers."""
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as near:
        near.sendall(text.encode())
        found = b""
        try:
            while chunk := near.recv(65_536):
                found += chunk
        except ConnectionResetError:
            pass
        return found


def port_of(server: Upstream) -> int:
    return int(server.url.rpartition(":")[2])


def test_what_was_meant_is_let_through_one_request_a_connection(server: Upstream) -> None:
    port = port_of(server)
    with Gateway(Gate([]), server.url, time.monotonic() + 120, 100_000) as gateway:
        got = asked(
            gateway, f"GET {server.url}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nProxy-Connection: x\r\n\r\n"
        )
        assert got.endswith(b"hello")
        assert b"200" in got.split(b"\r\n")[0]
        tunnel = (
            f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        assert asked(gateway, tunnel).endswith(b"hello")
    assert server.asked[0].headers["connection"] == "close"
    assert "proxy-connection" not in server.asked[0].headers


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:{port}",
        "localhost:{port}",
        "10.0.0.1:443",
        "[::1]:443",
        "inner.example:443",
        "169.254.169.254:80",
    ],
)
def test_nothing_leads_inside(server: Upstream, target: str) -> None:
    names = {"inner.example": "10.1.2.3", "localhost": "127.0.0.1"}

    def find(host: str, _: int) -> list[str]:
        return [names.get(host, host)]

    to = target.format(port=port_of(server))
    with Gateway(Gate([], find), "https://outlet.example/", time.monotonic() + 120, 100_000) as gateway:
        assert asked(gateway, f"CONNECT {to} HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403")
        assert asked(gateway, f"GET http://{to}/ HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403")
        assert len(gateway.refused) == 2
    assert not server.asked


def test_the_very_address_that_was_checked_is_connected_to(server: Upstream) -> None:
    seen = []

    def find(host: str, _: int) -> list[str]:
        seen.append(host)
        return ["127.0.0.1"]

    listed = f"http://outlet.example:{port_of(server)}"
    with Gateway(Gate(["outlet.example"], find), listed, time.monotonic() + 120, 100_000) as gateway:
        got = asked(gateway, f"GET {listed}/ HTTP/1.1\r\nHost: outlet.example\r\n\r\n")
    assert got.endswith(b"hello"), "a name that only the gate can look up"
    assert seen == ["outlet.example"], "once"


def test_bytes_and_nonsense_are_bounded(server: Upstream) -> None:
    server.answers["/large"] = Reply(body=b"x" * 500_000, headers=HTML)
    with Gateway(Gate([]), server.url, time.monotonic() + 120, 100_000) as gateway:
        got = asked(gateway, f"GET {server.url}/large HTTP/1.1\r\nHost: a\r\n\r\n")
        assert len(got) <= 100_000
        assert asked(gateway, "nonsense\r\n\r\n") == b""


def test_a_browser_that_cannot_be_run_safely_is_not_run(tmp_path: Path) -> None:
    for given in (None, tmp_path / "none"):
        with pytest.raises(Fatal, match="DENYUT_SITES_BROWSER"):
            Browser(ProducerSettings(sites_browser=given))
    if os.geteuid() == 0:
        program = shutil.which("true")
        assert program is not None
        with pytest.raises(Fatal, match="root"):
            Browser(ProducerSettings(sites_browser=Path(program)))


def script(tmp_path: Path, text: str, **more: object) -> Browser:
    """A program in the place of Chromium."""
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return Browser(ProducerSettings.model_validate({"sites_browser": program, **more}), sandbox=False)


def test_time_memory_bytes_and_a_stop_end_it_and_leave_no_process(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    endless = script(tmp_path, f"echo $$ > {pid}; sleep 60 & wait")
    with pytest.raises(Retryable, match="not done in time"):
        endless.page("http://x/", "http://x/", Event(), 3.0)
    assert resident_mb(int(pid.read_text())) == 0
    stop = Event()
    stop.set()
    with pytest.raises(Retryable, match="told to stop"):
        endless.page("http://x/", "http://x/", stop, 30)
    heavy = script(
        tmp_path,
        "exec python3 -c 'b = bytearray(300_000_000); import time; time.sleep(60)'",
        sites_browser_mb=100,
    )
    with pytest.raises(Retryable, match="100 MB"):
        heavy.page("http://x/", "http://x/", Event(), 60)
    with pytest.raises(Lasting, match="larger than 1000"):
        script(tmp_path, "head -c 5000 /dev/zero", web_max_bytes=1_000).page(
            "http://x/", "http://x/", Event(), 30
        )
    with pytest.raises(Retryable, match="shown nothing"):
        script(tmp_path, "true").page("http://x/", "http://x/", Event(), 30)
    with pytest.raises(Lasting, match="DENYUT_WEB_PROXY"):
        script(tmp_path, "true", web_proxy="http://p/").page("http://x/", "http://x/", Event(), 30)


def test_it_gets_none_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENYUT_X_BEARER_TOKEN", "secret")
    told = script(tmp_path, "env; echo $@").page("http://x/", "http://x/", Event(), 30).decode()
    assert "secret" not in told
    assert "--proxy-bypass-list=<-loopback>" in told
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in told


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_scripts_make_the_page_and_reach_nothing_inside(server: Upstream) -> None:
    assert CHROMIUM is not None
    with upstream() as inside, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.setblocking(False)
        stun = f"127.0.0.1:{deaf.getsockname()[1]}"
        inside.answers["/secret"] = Reply(body=b"secret", headers={"Access-Control-Allow-Origin": "*"})
        hidden = inside.url.replace("127.0.0.1", "localhost")
        server.answers["/page"] = Reply(
            body=f"""<!doctype html><title>x</title><p id=a>before</p><iframe src="{hidden}/secret"></iframe><script>
            document.getElementById('a').textContent = 'made ' + 'by a script';
            fetch('{hidden}/secret').then(r => r.text()).then(t => document.title = t);
            fetch('{inside.url}/secret').then(r => r.text()).then(t => document.title = t);
            const peer = new RTCPeerConnection({{iceServers: [
                {{urls: 'stun:{stun}'}}, {{urls: 'turn:{stun}?transport=udp', username: 'a', credential: 'b'}}]}});
            peer.createDataChannel('a');
            const told = document.getElementById('a');
            peer.onicegatheringstatechange = () => told.dataset.gathering = peer.iceGatheringState;
            peer.createOffer().then(offer => peer.setLocalDescription(offer));
            </script>""".encode(),
            headers=HTML,
        )
        browser = Browser(ProducerSettings(sites_browser=Path(CHROMIUM)), sandbox=False)
        found = browser.page(f"{server.url}/page", server.url, Event(), 120).decode()
        assert "made by a script" in found
        assert "secret</title>" not in found
        assert not inside.asked
        assert 'data-gathering="' in found, "it has looked for a way out over UDP"
        with pytest.raises(BlockingIOError):
            deaf.recv(1)
