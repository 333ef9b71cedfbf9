"""Distinct authors as a HyperLogLog sketch (Apache DataSketches, HLL_4, lg k 11): a few bytes for a few authors."""

from collections.abc import Iterable

from datasketches import hll_sketch, hll_union, tgt_hll_type

from schemas.errors import Poison

_LG_K = 11
_TYPE = tgt_hll_type.HLL_4


def sketch(authors: Iterable[str]) -> bytes:
    """The sketch of these authors."""
    counter = hll_sketch(_LG_K, _TYPE)
    for author in authors:
        counter.update(author)
    return bytes(counter.serialize_compact())


def merged(sketches: Iterable[bytes]) -> bytes:
    """The sketch of the authors of all of these; raises ValueError or RuntimeError where one is no sketch."""
    union = hll_union(_LG_K)
    for one in sketches:
        union.update(hll_sketch.deserialize(one))
    return bytes(union.get_result(_TYPE).serialize_compact())


def estimate(one: bytes) -> int:
    """How many authors a sketch has seen; exact for a few, within some percent (2.3 % standard error) for many."""
    return round(float(hll_sketch.deserialize(one).get_estimate()))


def check(one: bytes) -> None:
    """Raise Poison (invalid) where this is no sketch."""
    try:
        hll_sketch.deserialize(one)
    except (ValueError, RuntimeError, IndexError) as error:
        raise Poison("invalid", f"not a sketch of authors: {error}") from error
