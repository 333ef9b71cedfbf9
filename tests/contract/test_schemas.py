from schemas.codec import Codec
from schemas.registry import PinnedIds


def test_pinned() -> None:
    assert Codec(PinnedIds()) is not None
