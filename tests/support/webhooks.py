"""Requests to the webhook as senders sign them."""

import json
import time
from pathlib import Path
from typing import Any

import httpx

from producers.webhook.signing import SIGNATURE, TIME, signature

TOKEN = "a-token-of-the-partner"
KEY = "a-key-of-the-partner"


def senders_file(path: Path) -> Path:
    """A file with one sender, the partner."""
    text = f'[[senders]]\nname = "partner"\ntoken = "{TOKEN}"\nkey = "{KEY}"\nzone = "Asia/Jakarta"\n'
    path.write_text(text, encoding="utf-8")
    return path


def signed(body: bytes, *, at: float | None = None, key: str = KEY, token: str = TOKEN) -> dict[str, str]:
    """The headers of a request with `body`."""
    moment = str(round(time.time() if at is None else at))
    return {
        "authorization": f"Bearer {token}",
        TIME: moment,
        SIGNATURE: signature(key, moment, body),
        "content-type": "application/json",
    }


def body_of(*posts: dict[str, Any]) -> bytes:
    """A body with `posts`."""
    return json.dumps({"posts": posts}).encode()


def send(url: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """The answer to `body`, signed where no headers are given."""
    headers = signed(body) if headers is None else headers
    return httpx.post(f"{url}/ingest", content=body, headers=headers, timeout=30, trust_env=False)
