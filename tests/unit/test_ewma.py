import random

import pytest

from processors.logic.ewma import Baseline, display


@pytest.mark.parametrize("zeros", [0, 1, 5, 20, 21, 100])
@pytest.mark.parametrize("history", [[], [4.0], [3.0, 9.0, 1.0], [2.0, 8.0] * 30])
def test_zeros_in_closed_form_are_zeros_one_by_one(history: list[float], zeros: int) -> None:
    baseline = Baseline()
    for value in history:
        baseline = baseline.after(value, 0.05)
    one_by_one = baseline
    for _ in range(zeros):
        one_by_one = one_by_one.after(0.0, 0.05)
    at_once = baseline.after_zeros(zeros, 0.05)
    assert at_once.seen == one_by_one.seen
    assert at_once.mean == pytest.approx(one_by_one.mean)
    assert at_once.variance == pytest.approx(one_by_one.variance)


def test_a_young_baseline_is_the_plain_mean_and_variance() -> None:
    baseline = Baseline()
    for value in (2.0, 4.0, 9.0):
        baseline = baseline.after(value, 0.01)
    assert baseline.mean == pytest.approx(5)
    assert baseline.variance == pytest.approx((9 + 1 + 16) / 3)


def test_an_old_one_follows_a_change() -> None:
    baseline = Baseline()
    for value in [10.0] * 200 + [50.0] * 200:
        baseline = baseline.after(value, 0.05)
    assert baseline.mean == pytest.approx(50, abs=0.01)
    assert baseline.variance == pytest.approx(0, abs=1)


def test_tiny_counts_do_not_explode_and_bursts_stand_out() -> None:
    silent = Baseline().after_zeros(1_000, 0.05)
    assert silent.score(2, bias=3) < 0
    assert silent.score(30, bias=3) == pytest.approx(9)
    assert Baseline().score(1_000, bias=3) == 0, "nothing is known, so nothing is unusual"


def test_a_steady_rate_with_noise_scores_low_and_a_doubling_high() -> None:
    dice = random.Random(1)
    baseline = Baseline()
    for _ in range(500):
        baseline = baseline.after(max(dice.gauss(100, 10), 0), 0.05)
    assert abs(baseline.score(110, bias=3)) < 2
    assert baseline.score(200, bias=3) > 5


def test_the_display_stays_within_its_scale_and_grows() -> None:
    shown = [display(score) for score in (-5, 0, 1, 3, 10, 1e9)]
    assert shown[:2] == [0, 0]
    assert shown[3] == 50
    assert shown == sorted(shown)
    assert shown[-1] <= 100
