import pytest

from processors.agents.twins import of_all_platforms
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support.windows import Partition, partial

START = 1_435_708_800_000


@pytest.mark.parametrize("subject", ["AAPL", "a:b|c", "日本株", "x" * 70])
@pytest.mark.parametrize("revisions", [1, 64, 9_000])
def test_a_twin_is_what_the_codec_would_have_written(subject: str, revisions: int) -> None:
    partition = Partition()
    (sent, *_) = partition.step([partial(START, subject, kind="hashtag")])
    trend = {**sent, "revision": revisions}
    twin = {**trend, "platform": "", "id": f"hashtag:{subject}::{trend['window']}:{trend['start']}"}
    codec = Codec(PinnedIds())
    assert of_all_platforms(codec.encode("trend", trend), trend) == codec.encode("trend", twin)  # type: ignore[arg-type]
