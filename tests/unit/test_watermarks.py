from processors.logic.watermarks import Sources, echo


def sources(
    *heard: tuple[int, bool], now_s: float = 0.0, partitions: int = 2, echoed: bool = False
) -> Sources:
    made = Sources(partitions, idle_close_s=10, evict_idle_s=600, echoed=echoed)
    for partition, (watermark, idle) in enumerate(heard):
        made.hear(partition, watermark, idle, now_s)
    return made


def test_a_partition_never_heard_of_blocks_both() -> None:
    known = sources((1_000, False))
    assert known.closing(10_000, 99_000) is None
    assert known.dropping(10_000) is None


def test_the_smallest_watermark_counts_and_idle_partitions_do_not_hold_windows_open() -> None:
    assert sources((1_000, False), (2_000, False)).closing(0, 99_000) == 1_000
    known = sources((1_000, True), (2_000, False))
    assert known.closing(0, 99_000) is None, "it was idle before the other one was read on"
    known.hear(0, 1_000, True, 1, said_at=499)
    assert known.closing(1, 99_000) is None
    known.hear(0, 1_000, True, 1, said_at=500)
    assert known.closing(1, 99_000) == 2_000


def test_an_idle_partition_that_turns_out_to_have_posts_holds_windows_open() -> None:
    known = sources((1_000, True), (1_000, True))
    known.hear(1, 9_000, False, 1, said_at=10_000)
    assert known.closing(1, 99_000) is None
    known.hear(0, 2_000, False, 2, said_at=10_400)
    assert known.closing(2, 99_000) == 2_000
    # It is read to its end, and the other one goes on: what both had read stays so.
    known.hear(0, 2_500, True, 3, said_at=11_000)
    known.hear(1, 9_500, False, 3, said_at=11_100)
    assert known.closing(3, 99_000) == 2_000
    known.hear(1, 9_900, False, 4, said_at=12_000)
    known.hear(0, 2_500, True, 4, said_at=12_100)
    assert known.closing(4, 99_000) == 9_500, "what was read after it was asked for is not confirmed yet"


def test_what_was_confirmed_closes_while_all_are_idle_but_not_silent_for_long() -> None:
    known = sources((1_000, True), (2_000, False))
    assert known.closing(0, 99_000) is None
    known.hear(0, 1_000, True, 1, said_at=600)
    known.hear(1, 2_000, True, 1, said_at=700)
    assert known.closing(1, 99_000) == 2_000
    known.hear(0, 1_000, True, 10, said_at=9_000)
    assert known.closing(10.9, 99_000) == 2_000
    assert known.closing(11, 99_000) == 99_000, "to say again that one is idle is no news"


def test_where_all_are_idle_the_clock_closes_after_a_while() -> None:
    known = sources((1_000, True), (2_000, True))
    assert known.closing(9.9, 99_000) is None
    assert known.closing(10, 99_000) == 99_000


def test_an_idle_partition_holds_memory_until_it_was_silent_for_long() -> None:
    known = sources((1_000, True), (2_000, False))
    known.closing(0, 99_000)
    known.hear(0, 1_000, True, 1, said_at=500)
    assert known.closing(1, 99_000) == 2_000
    assert known.dropping(599) == 1_000
    assert known.dropping(600) == 2_000


def test_after_a_long_silence_too_the_idle_are_asked_before_what_others_have_read_is_dropped() -> None:
    known = sources((1_000, True), (1_000, True))
    for now_s in range(5, 700, 5):
        for partition in range(2):
            known.hear(partition, 1_000, True, now_s, said_at=1_000 * now_s)
    known.hear(0, 90_000, False, 700, said_at=700_000)
    assert known.closing(700, 10**9) is None
    assert known.dropping(700) is None, "the other one may have posts of that time, too"
    known.hear(1, 1_000, True, 705, said_at=705_000)
    assert known.closing(705, 10**9) == known.dropping(705) == 90_000
    known.hear(0, 95_000, False, 706, said_at=706_000)
    assert known.closing(706, 10**9) == known.dropping(706) == 90_000


def test_silence_without_the_word_never_drops_anything() -> None:
    known = sources((1_000, False), (2_000, False))
    known.hear(1, 5_000, False, 1_000_000)
    assert known.dropping(1_000_000) == 1_000
    assert known.closing(1_000_000, 99_000) == 1_000


def test_a_watermark_never_goes_back_and_a_copy_is_on_its_own() -> None:
    known = sources((1_000, False), (2_000, False))
    twin = known.copy()
    twin.hear(0, 500, False, 1)
    assert twin.rows()[0] == (1_000, False)
    twin.hear(0, 3_000, True, 1)
    assert known.rows()[0] == (1_000, False)


def echoing(*told: tuple[int, bool], now_s: float = 0.0) -> Sources:
    """Two partitions of posts that were read up to 9,000, and what `stories` tells of them."""
    made = sources((9_000, False), (9_000, False), now_s=now_s, echoed=True)
    for partition, (watermark, idle) in enumerate(told):
        made.hear(echo(partition), watermark, idle, now_s)
    return made


def test_windows_close_without_waiting_for_copies_and_are_kept_for_them() -> None:
    known = echoing((3_000, False), (5_000, True))
    assert known.closing(0, 99_000) == 9_000
    assert known.dropping(0) == 3_000
    known.hear(echo(0), 8_000, False, 1)
    assert known.dropping(1) == 5_000
    assert known.dropping(599) == 5_000


def test_of_copies_every_partition_must_be_told_of_that_was_read() -> None:
    assert sources((9_000, False), (9_000, False)).dropping(0) == 9_000, "nobody tells of copies here"
    assert echoing().dropping(0) is None
    assert echoing((3_000, False)).dropping(0) is None
    assert echoing((9_000, True), (9_000, True)).dropping(0) == 9_000


def test_stories_that_owes_and_tells_nothing_for_long_is_not_waited_for() -> None:
    for known, waited in ((echoing((3_000, False), (4_000, True)), 3_000), (echoing(), None)):
        assert known.dropping(599) == known.copy().dropping(599) == waited
        assert known.dropping(600) == known.copy().dropping(600) == 9_000
        known.hear(echo(0), 3_500, False, 700)
        known.hear(echo(1), 5_000, False, 700)
        assert known.dropping(700) == 3_500, "it is back"


def test_stories_that_had_nothing_to_tell_for_long_is_waited_for_as_soon_as_it_has() -> None:
    known = echoing((9_000, True), (9_000, True))
    known.hear(0, 80_000, False, 5_000)
    known.hear(1, 70_000, False, 5_000)
    assert known.dropping(5_000) == 9_000
    known.hear(echo(0), 80_000, False, 5_500)
    assert known.dropping(5_599) == 9_000
    assert known.dropping(5_600) == 70_000
    quiet = sources((0, True), (0, True), echoed=True)
    quiet.hear(0, 80_000, False, 5_000)
    quiet.hear(1, 70_000, False, 5_000)
    assert quiet.dropping(5_000) is None, "it has never had anything to tell, and has now"


def test_what_was_told_of_copies_survives_a_restart_and_a_copy_of_it_is_on_its_own() -> None:
    known = echoing((3_000, False), (4_000, True))
    assert known.rows() == {
        0: (9_000, False),
        1: (9_000, False),
        echo(0): (3_000, False),
        echo(1): (4_000, True),
    }
    again = Sources(2, idle_close_s=10, evict_idle_s=600, echoed=True)
    for partition, (watermark, idle) in known.rows().items():
        again.hear(partition, watermark, idle, 0)
    assert again.dropping(0) == known.dropping(0) == 3_000
    twin = known.copy()
    twin.hear(echo(0), 9_000, False, 1)
    assert known.dropping(1) == 3_000


def test_who_hears_late_closes_by_what_the_idle_have_said_and_not_by_the_clock() -> None:
    known = Sources(2, idle_close_s=10, evict_idle_s=600, by_word=True)
    for partition in range(2):
        known.hear(partition, 1_000, True, 0)
    assert known.closing(20, 99_000) is None, "after a restart nobody has said anything yet"
    known.hear(0, 1_000, True, 21, said_at=80_000)
    assert known.closing(22, 99_000) is None
    known.hear(1, 1_000, True, 22, said_at=85_000)
    assert known.closing(23, 99_000) == 80_000
    assert known.copy().closing(23, 79_000) == 79_000, "a clock that is behind is not overtaken"
