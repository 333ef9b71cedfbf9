import pytest

from api.asked import asked
from api.parameters import Invalid


def test_who_asks_the_same_shares_what_was_read() -> None:
    first = asked(b"keyword=bca&topics=mentions,alerts&conflate=latest")
    assert asked(b"keyword=bca&topics=mentions,alerts&conflate=latest") is first
    assert asked(b"keyword=bri") is not first
    assert first.filter(None) is first.filter(None)
    assert first.filter(None).keyword == {"bca"}
    assert first.narrowing == {"keyword": ["bca"], "conflate": "latest"}


def test_a_user_is_shown_his_own_alerts_and_nobody_else_is() -> None:
    shared = asked(b"topics=alerts")
    assert shared.filter("ani").owner == "ani"
    assert shared.filter(None).owner is None


MANY = b"keyword=" + b",".join(b"%020d" % number for number in range(60))


@pytest.mark.parametrize("query", [b"since=1000", b"last_event_id=abc", MANY])
def test_what_only_one_asks_is_not_kept(query: bytes) -> None:
    assert asked(query) is not asked(query)


def test_what_cannot_be_read_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(Invalid):
            asked(b"keyward=bca")
