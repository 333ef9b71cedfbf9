import itertools

from processors.logic.heard import Heard

DAY = 86_400_000


def heard(*times: int, quiet: int = 10) -> Heard:
    made = Heard(quiet)
    for at in times:
        made.add(at)
    return made


def test_posts_close_to_one_another_are_one_stretch_in_any_order() -> None:
    for times in itertools.permutations((100, 108, 117, 126)):
        assert heard(*times).rows() == [[100, 126]], times


def test_a_long_pause_parts_two_stretches_and_what_comes_late_joins_them() -> None:
    both = heard(100, 111)
    assert both.rows() == [[100, 100], [111, 111]]
    both.add(105)
    assert both.rows() == [[100, 111]]


def test_a_window_is_of_the_stretch_that_reaches_into_it() -> None:
    known = heard(100, 105, 200, 205)
    assert known.since(204, 206) == 200
    assert known.since(101, 103) == 100
    assert known.since(95, 101) == 100, "the window began before the first post in it"
    assert known.since(150, 160) == 150, "nobody listened then"


def test_a_copy_and_what_was_stored_go_on_alike() -> None:
    one = heard(100, 200)
    again, twin = Heard(10, one.rows()), one.copy()
    for known in (again, twin):
        known.add(104)
        assert known.rows() == [[100, 104], [200, 200]]
    assert one.rows() == [[100, 100], [200, 200]]


def test_the_stretches_kept_are_bounded() -> None:
    assert len(heard(*range(0, 100_000, 100)).rows()) == 64
