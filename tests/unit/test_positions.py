import base64
import random
import zlib

import pytest

from api.positions import TopicPosition, UnknownPosition, Vector, decode, encode, epoch_of, joined, ordered

EPOCH = epoch_of("cluster", "topic")


def position(*offsets: int) -> dict[str, TopicPosition]:
    return {"mentions": TopicPosition(EPOCH, offsets)}


def test_a_position_comes_back_from_its_id() -> None:
    dice = random.Random(7)
    for _ in range(300):
        given = {
            name: TopicPosition(
                dice.randbytes(4),
                tuple(
                    dice.choice([0, 1, 127, 128, 16_384, 2**40, 2**63 - 1]) for _ in range(dice.randint(1, 9))
                ),
            )
            for name in ordered(dice.sample(["mentions", "trends"], dice.randint(1, 2)))
        }
        text = encode(given)
        assert decode(text) == given
        assert text.isascii()
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_an_id_is_short() -> None:
    assert len(encode(position(2_000_000, 2_000_000, 2_000_000, 2_000_000))) <= 36


def test_ids_do_not_depend_on_the_order_topics_were_named_in() -> None:
    at = TopicPosition(EPOCH, (1, 2))
    assert encode({"trends": at, "mentions": at}) == encode({"mentions": at, "trends": at})
    assert ordered(["trends", "mentions", "trends"]) == ("mentions", "trends")


def test_epochs_differ_between_clusters_and_lives_of_a_topic() -> None:
    assert len({epoch_of("a", "x"), epoch_of("a", "y"), epoch_of("b", "x")}) == 3


def test_everything_else_is_unknown() -> None:
    whole = encode(position(5, 300, 7))
    wrong = [
        "",
        "x",
        "!",
        "latest",
        "12345",
        whole + "=",
        whole[1:],
        "Ag" + whole[2:],
        "A" * 5000,
        "ü",
        "a b",
    ]
    for text in wrong:
        with pytest.raises(UnknownPosition):
            decode(text)


def test_an_id_cut_short_is_unknown() -> None:
    whole = encode(position(500, 300, 700))
    for length in range(2, len(whole)):
        with pytest.raises(UnknownPosition):
            decode(whole[:length])


def test_an_offset_no_log_can_have_is_unknown() -> None:
    with pytest.raises(UnknownPosition):
        decode(encode(position(2**63)))


def test_topics_of_a_later_version_are_left_out() -> None:
    known = encode(position(1))
    # Code 99, an epoch, one partition at offset 3.
    body = (
        base64.urlsafe_b64decode(known + "=" * (-len(known) % 4))[:-2] + bytes([99]) + EPOCH + bytes([1, 3])
    )
    body += (zlib.crc32(body) & 0xFFFF).to_bytes(2, "big")
    assert decode(base64.urlsafe_b64encode(body).rstrip(b"=").decode()) == position(1)


def test_a_vector_encodes_as_the_position_it_stands_at() -> None:
    dice = random.Random(11)
    start = {"mentions": TopicPosition(EPOCH, (0, 0, 0, 0)), "trends": TopicPosition(EPOCH, (9, 9))}
    vector = Vector(start)
    for _ in range(500):
        topic = dice.choice(["mentions", "trends"])
        partition = dice.randrange(len(start[topic].offsets))
        vector.advance(topic, partition, vector.offset(topic, partition) + dice.choice([0, 1, 200]))
        for topics in (("mentions",), ("trends",), ("mentions", "trends")):
            assert vector.id(topics) == encode(vector.position(topics))


def test_a_vector_never_goes_back() -> None:
    vector = Vector(position(10))
    vector.advance("mentions", 0, 4)
    assert vector.offset("mentions", 0) == 10


def test_a_vector_takes_up_new_partitions_from_their_beginning() -> None:
    vector = Vector(position(10))
    vector.cover(position(50, 60))
    assert vector.position() == position(10, 0)
    assert vector.id(("mentions",)) == encode(position(10, 0))


def test_ids_of_different_topics_are_joined() -> None:
    mentions, alerts = position(1, 2), {"alerts": TopicPosition(EPOCH, (7,))}
    assert decode(joined([encode(mentions), encode(alerts)])) == {**mentions, **alerts}
    assert joined([encode(mentions)]) == encode(mentions)
    assert decode(joined([encode(position(1)), encode(position(5))])) == position(5)
    assert joined([encode(mentions), "junk"]) == "junk", "what cannot be read is told as such later"


def test_a_copy_of_where_a_vector_stands_is_of_now_and_stays_as_it_was() -> None:
    vector = Vector(position(5, 7))
    before = vector.position()
    assert vector.position(("mentions",)) == before == position(5, 7)
    vector.advance("mentions", 1, 9)
    assert vector.position() == position(5, 9)
    vector.cover(position(0, 0, 3))
    assert vector.position() == position(5, 9, 0)
    assert before == position(5, 7)
    assert encode(vector.position()) == vector.id(("mentions",))
