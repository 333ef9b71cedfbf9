"""The live stream in a terminal: reconnects by id, says what was missed."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import orjson
from httpx_sse import EventSource, ServerSentEvent

from api.parameters import StreamParameters
from schemas.errors import Fatal

PARAMETERS = tuple(name for name in StreamParameters.model_fields if name != "last_event_id")
"""Parameters of the stream that can be given on the command line."""

_SILENCE_S = 60
_WIDTH = 140


async def watch(
    url: str, asked: Mapping[str, Sequence[str]], last_id: str | None, token: str | None, *, as_json: bool
) -> None:
    """Print events until cancelled; raises Fatal where the api refuses what is asked, or who asks."""
    retry_s = 2.0
    given = dict(asked)
    timeout = httpx.Timeout(10, read=_SILENCE_S)
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=url, timeout=timeout, headers=bearer) as client:
        while True:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
            try:
                async with client.stream("GET", "/api/v1/stream", params=given, headers=headers) as response:
                    await _accepted(response)
                    async for event in EventSource(response).aiter_sse():
                        last_id = event.id or last_id
                        retry_s = retry_s if event.retry is None else event.retry / 1000
                        _print(event, as_json=as_json)
            except httpx.TransportError as error:
                print(f"-- {type(error).__name__}, again in {retry_s:g} s", file=sys.stderr)  # noqa: T201 -- a terminal client
            await asyncio.sleep(retry_s)


async def _accepted(response: httpx.Response) -> None:
    if response.is_success:
        return
    body = (await response.aread()).decode(errors="replace")
    if response.status_code in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS):
        raise httpx.ReadError(body)
    raise Fatal(f"{response.status_code}: {body}")


def _print(event: ServerSentEvent, *, as_json: bool) -> None:
    data: dict[str, Any] = orjson.loads(event.data)
    if as_json:
        line = orjson.dumps({"id": event.id, "event": event.event, "data": data}).decode()
    else:
        line = _line(event.event, data)
    if line:
        print(line, flush=True)  # noqa: T201 -- a terminal client


def _line(event: str, data: dict[str, Any]) -> str:
    """One event for a person; empty for what a person need not see."""
    if event in _LINES:
        return _LINES[event](data)
    if event == "heartbeat":
        return ""
    if event == "open":
        return f"-- open: {', '.join(data['topics'])}"
    return f"-- {event}: {orjson.dumps(data).decode()}"


def _mention(data: dict[str, Any]) -> str:
    words = " ".join(data["text"].split())
    return f"{_clock(data['collected_at'])} {data['sentiment']:8} {data['platform']:10} {words}"[:_WIDTH]


def _trend(data: dict[str, Any]) -> str:
    subject = f"{data['subject_kind']}:{data['subject']}"
    where = data["platform"] or "all"
    return (
        f"{_clock(data['start'])} trend    {where:10} {data['display_score']:5.1f} {subject} "
        f"{data['window']}: {data['mentions']} mentions"
    )


def _alert(data: dict[str, Any]) -> str:
    return f"{_clock(data['fired_at'])} {data['severity']:8} {data['kind']:15} {data['explanation']}"


def _story(data: dict[str, Any]) -> str:
    copies = f"{data['copies']} copies"
    return f"{_clock(data['last_seen'])} story    {copies:10} {data['excerpt']}"[:_WIDTH]


def _topic(data: dict[str, Any]) -> str:
    stories = f"{data['stories']} stories"
    return f"{_clock(data['last_seen'])} topic    {stories:10} {data['trending_score']:5.1f} {data['label']}"[
        :_WIDTH
    ]


_LINES: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "mentions": _mention,
    "trends": _trend,
    "alerts": _alert,
    "stories": _story,
    "topics": _topic,
}


def _clock(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
