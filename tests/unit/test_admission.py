import pytest

from api.admission import Admission
from api.errors import Refused
from api.settings import ApiSettings


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def admission(clock: Clock | None = None, **limits: float) -> Admission:
    values = {"clickhouse_reader_password": "none", **limits}
    return Admission(ApiSettings.model_validate(values), clock or Clock())


def refusal(own: Admission, address: str, user: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        own.enter(address, user)
    return caught.value


def test_an_address_has_its_share_and_gets_it_back() -> None:
    own = admission(stream_per_address=2)
    first, _ = own.enter("a"), own.enter("a")
    assert refusal(own, "a").status == 429
    own.enter("b")
    first.leave()
    first.leave()
    own.enter("a")
    assert refusal(own, "a").status == 429


def test_a_user_has_his_share_wherever_he_comes_from() -> None:
    own = admission(stream_per_user=2)
    first, _ = own.enter("a", "ani"), own.enter("b", "ani")
    assert refusal(own, "c", "ani").status == 429
    own.enter("c", "budi")
    for _ in range(3):
        own.enter("c")
    first.leave()
    first.leave()
    own.enter("c", "ani")
    assert refusal(own, "d", "ani").status == 429


def test_all_together_have_theirs() -> None:
    own = admission(stream_total=3)
    places = [own.enter(address) for address in "abc"]
    refused = refusal(own, "d")
    assert (refused.status, refused.retry_after_s) == (503, 5)
    places[0].leave()
    own.enter("d")


def test_openings_come_in_bursts_of_two_seconds_and_then_at_their_rate() -> None:
    clock = Clock()
    own = admission(clock, stream_openings_s=10)
    for _ in range(20):
        own.enter("a")
    refused = refusal(own, "a")
    assert (refused.status, refused.retry_after_s) == (503, 1)
    clock.now += 0.1
    own.enter("a")
    refusal(own, "a")
    clock.now += 3600
    for _ in range(20):
        own.enter("a")
    refusal(own, "a")


def test_a_refusal_takes_no_place() -> None:
    own = admission(stream_total=1)
    place = own.enter("a")
    refusal(own, "b")
    place.leave()
    assert not own._addresses
    own.enter("b")


def test_a_rate_below_one_still_lets_one_in() -> None:
    clock = Clock()
    own = admission(clock, stream_openings_s=0.1)
    own.enter("a")
    assert refusal(own, "a").retry_after_s == 10
    clock.now += 10.1
    own.enter("a")
