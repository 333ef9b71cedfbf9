"""Follows the live stream of mentions: python stream.py [URL]. Prints each once, through restarts of the api.

Needs httpx and httpx-sse. Where not everybody may read, DENYUT_TOKEN is a token or a key.
"""

import json
import os
import sys
import time

import httpx
from httpx_sse import EventSource

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
token = os.environ.get("DENYUT_TOKEN")
headers = {"Authorization": f"Bearer {token}"} if token else {}
wait_s = 2.0

# A heartbeat comes every 15 seconds: a minute of silence is a dead connection.
with httpx.Client(base_url=url, timeout=httpx.Timeout(10, read=60), headers=headers) as client:
    last: dict[str, str] = {}
    while True:
        try:
            with client.stream(
                "GET", "/api/v1/stream", params={"topics": "mentions"}, headers=last
            ) as response:
                if response.status_code not in (200, 429, 503):
                    response.read()
                    sys.exit(f"{response.status_code}: {response.text}")
                if response.status_code == 200:
                    for event in EventSource(response).iter_sse():
                        last = {"Last-Event-ID": event.id}
                        wait_s = event.retry / 1000 if event.retry else wait_s
                        if event.event == "mentions":
                            print(json.loads(event.data)["id"], flush=True)
                        elif event.event == "reset":
                            print("missing:", event.data, file=sys.stderr, flush=True)
        except httpx.TransportError as error:
            print(f"{type(error).__name__}, again in {wait_s:g} s", file=sys.stderr, flush=True)
        time.sleep(wait_s)
