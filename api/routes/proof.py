"""GET /api/v1/proof: per source and hour what was collected against what landed, and every difference by name."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.cursors import given_place, place_text
from api.parameters import MANY, Instant, Invalid, Parameters, Word, read
from api.services import Services, services
from api.store import Store, TooMuch
from schemas.errors import Backpressure
from schemas.proof import Bounds, Proof, proving
from schemas.proof.answer import LedgerPlace

_AGAIN_S = 0.5
_TURN_S = 10.0


class ProofParameters(Parameters):
    """Parameters of the proof."""

    since: Instant | None = Field(
        None, alias="from", description="earliest time of collection; its whole hour counts"
    )
    until: Instant | None = Field(
        None, alias="to", description="time of collection before which; an hour begun counts whole"
    )
    source: list[Word] = Field(
        [], max_length=MANY, description="`platform/source` as in the ledger, or the part after the slash"
    )
    as_of: Instant | None = Field(
        None,
        description="only what was enriched before; now by default, so that what is on its way is left out",
    )
    patience: float = Field(
        5, ge=0, le=20, description="seconds that what was enriched before `as_of` is given to land"
    )
    limit: int = Field(100, ge=1, le=1000, description="hours and sources a page, newest first")
    before: str | None = Field(None, description="cursor of the page before: `next` of its answer")


PARAMETERS = ProofParameters


async def proof(request: Request) -> Response:
    """The ledger: collected = mentions + repeats + dead letters, what landed, and the difference.

    `difference` of a row is mentions by receipts less mentions landed; in the totals it is the sum of their sizes. `holds`
    is true where every check finds nothing; else `differences` names each with topic, partition and offsets: at most
    100 of a kind, `cut` where there are more. What is too large for one query is refused with 422 and the type
    `too_large`: it needs bounds.
    """
    parameters = read(ProofParameters, request.query_params)
    since, until = parameters.since, parameters.until
    if since is not None and until is not None and since >= until:
        raise Invalid.one("from", "must be before `to`")
    now = time.time_ns() // 1_000_000
    as_of = now if parameters.as_of is None else parameters.as_of
    bounds = Bounds(as_of, since, until, parameters.source)
    before = given_place(parameters.before)
    try:
        found = await _patient(services(request), bounds, parameters.limit, before, parameters.patience)
    except TooMuch as much:
        message = f"a proof of so much is too large, give `from` and `to`, or `source`: {much}"
        raise Invalid.one("from", message, "too_large") from much
    told = found.as_dict()
    return json_answer(
        {
            "from": since,
            "to": until,
            "source": parameters.source,
            "as_of": as_of,
            **told,
            "next": place_text(*found.next) if found.next else None,
        }
    )


async def _patient(
    given: Services, bounds: Bounds, limit: int, before: LedgerPlace | None, patience_s: float
) -> Proof:
    """The proof, asked again for as long as it does not hold and there is patience."""
    clock = asyncio.get_running_loop().time
    deadline, pause = clock() + patience_s, _AGAIN_S
    while True:
        async with _turn(given.proofs):
            found = await _ask(given.store, bounds, limit, before)
        if found.holds or clock() + pause > deadline:
            return found
        await asyncio.sleep(pause)
        pause *= 2


@asynccontextmanager
async def _turn(proofs: asyncio.Semaphore) -> AsyncIterator[None]:
    """One proof reads at a time, so that the page finds a reader that is free; raises Backpressure."""
    try:
        async with asyncio.timeout(_TURN_S):
            await proofs.acquire()
    except TimeoutError:
        raise Backpressure("other proofs are being read", retry_after=_TURN_S) from None
    try:
        yield
    finally:
        proofs.release()


async def _ask(store: Store, bounds: Bounds, limit: int, before: LedgerPlace | None) -> Proof:
    asking = proving(bounds, now_ms=time.time_ns() // 1_000_000, limit=limit, before=before)
    sql, parameters = next(asking)
    while True:
        rows = await store.rows(sql, parameters)
        try:
            sql, parameters = asking.send(rows)
        except StopIteration as done:
            made: Proof = done.value
            return made
