"""What a page is once its scripts have run: Chromium, headless, one process for one page, bounded in time and memory."""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, cast

from producers.base import Lasting
from producers.browser.gateway import Gateway
from producers.settings import ProducerSettings
from producers.web.addresses import Gate
from producers.web.fetch import user_agent
from schemas.errors import Fatal, Retryable

_SLICE_S = 0.1
_SCRIPTS_S = 5
"""Of the page's own time that its scripts get."""
_PAGE_BYTES = 4
"""How many times of what a page may have all that it loads may have."""
_KILOBYTE = 1_024


class Browser:
    """Used by several threads. Chromium's own sandbox stays on, so it refuses to be run by root."""

    def __init__(self, settings: ProducerSettings, *, sandbox: bool = True) -> None:
        """Raises Fatal where there is no browser, or none that may be run. Without `sandbox` it is for tests alone."""
        program = settings.sites_browser
        if program is None or not os.access(program, os.X_OK):
            raise Fatal(f"DENYUT_SITES_BROWSER {program}: no program that can be run")
        if sandbox and os.geteuid() == 0:
            raise Fatal(
                "DENYUT_SITES_BROWSER: Chromium has no sandbox when root runs it; run the collectors as another user"
            )
        self._program: Path = program
        self._settings = settings
        self._sandbox = sandbox
        self._inside = [one for one in settings.web_inside.replace(" ", "").split(",") if one]

    def page(self, url: str, meant: str, stop: Event, total_s: float) -> bytes:
        """The page at `url` as its scripts leave it, in UTF-8; `meant` is the address that an operator wrote.

        Raises Retryable where it takes more than `total_s`, more memory than it may or more bytes, or is empty; Lasting where a
        proxy is set, past which it would go.
        """
        if self._settings.web_proxy:
            raise Lasting("a page that needs a browser is not read through DENYUT_WEB_PROXY")
        deadline = time.monotonic() + total_s
        most = self._settings.web_max_bytes
        gate = Gate(self._inside)
        with (
            tempfile.TemporaryDirectory(prefix="denyut-browser-", ignore_cleanup_errors=True) as home,
            Gateway(gate, meant, deadline, _PAGE_BYTES * most) as gateway,
        ):
            found = self._run(self._arguments(url, home, gateway.port), home, stop, deadline, most)
            if not found.strip():
                why = f"; {gateway.refused[0]}" if gateway.refused else ""
                raise Retryable(f"the browser has shown nothing{why}")
            return found

    def _arguments(self, url: str, home: str, port: int) -> list[str]:
        return [
            str(self._program),
            "--headless",
            "--dump-dom",
            f"--virtual-time-budget={_SCRIPTS_S * 1_000}",
            f"--user-data-dir={home}",
            f"--user-agent={user_agent(self._settings.contact)}",
            # Everything goes through the gateway, what is for this machine too, and no name is looked up here.
            f"--proxy-server=http://127.0.0.1:{port}",
            "--proxy-bypass-list=<-loopback>",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            # UDP goes past every proxy. Newer Chromium knows the first name alone, older the second.
            "--webrtc-ip-handling-policy=disable_non_proxied_udp",
            "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
            "--disable-quic",
            "--blink-settings=imagesEnabled=false",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--disable-sync",
            "--disable-breakpad",
            "--disable-crash-reporter",
            # What scripts store stays in memory, which is bounded; the folder is not.
            "--incognito",
            "--no-first-run",
            "--renderer-process-limit=1",
            *([] if self._sandbox else ["--no-sandbox"]),
            "--",
            url,
        ]

    def _run(self, arguments: list[str], home: str, stop: Event, deadline: float, most: int) -> bytes:
        """What it prints; it and all that it started are gone at the end."""
        process = subprocess.Popen(  # noqa: S603 -- an operator's program; the address is one argument, and no option
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            # None of our settings, which hold secrets.
            env={"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        found: list[bytes] = []
        out = cast("IO[bytes]", process.stdout)
        reading = Thread(target=lambda: found.append(out.read(most + 1)), daemon=True)
        reading.start()
        try:
            while reading.is_alive():
                reading.join(_SLICE_S)
                if stop.is_set():
                    raise Retryable("told to stop while the browser was reading")
                if time.monotonic() >= deadline:
                    raise Retryable("the browser was not done in time")
                if resident_mb(process.pid) > self._settings.sites_browser_mb:
                    raise Retryable(
                        f"the page takes more than {self._settings.sites_browser_mb} MB (DENYUT_SITES_BROWSER_MB)"
                    )
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reading.join()
            out.close()
        body = found[0] if found else b""
        if len(body) > most:
            raise Lasting(f"the page is larger than {most} bytes (DENYUT_WEB_MAX_BYTES)")
        return body


def resident_mb(group: int) -> float:
    """Memory of all processes of that group, in megabytes; what they share counts for each."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total / _KILOBYTE / _KILOBYTE
