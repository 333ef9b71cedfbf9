from processors.logic.seen import Expiry, judge, pack, seen_key, unpack

WEEK = 7 * 24
NOW = 490_000


def test_a_repeat_is_a_record_after_the_first() -> None:
    repeats, row = judge(None, 17, NOW, WEEK)
    assert (repeats, row) == (False, pack(17, NOW))
    assert judge(row, 17, NOW, WEEK) == (False, None), "the same record read again is no repeat of itself"
    assert judge(row, 18, NOW, WEEK) == (True, None)
    assert judge(row, 18, NOW + 3, WEEK) == (True, pack(17, NOW + 3))
    assert judge(row, 18, NOW - 3, WEEK) == (True, None), "what was collected earlier does not make it older"


def test_an_id_expires_a_week_after_it_was_last_seen() -> None:
    row = pack(17, NOW)
    assert judge(row, 99, NOW + WEEK, WEEK)[0] is True
    assert judge(row, 99, NOW + WEEK + 1, WEEK) == (False, pack(99, NOW + WEEK + 1))


def test_rows_fit_a_signed_long_and_keys_do_not_grow() -> None:
    assert unpack(pack(2**42, 2**20 - 1)) == (2**42, 2**20 - 1)
    assert pack(2**42, 2**20 - 1) < 2**63
    assert len(seen_key("x:" + "long" * 1_000)) == 20
    assert len({seen_key(f"x:{number}") for number in range(10_000)}) == 10_000


def test_ids_are_forgotten_oldest_first_and_a_few_at_a_time() -> None:
    expiry = Expiry(WEEK)
    rows = {f"k{number}": pack(number, NOW + number // 10) for number in range(100)}
    expiry.restore(rows)
    assert expiry.due(rows, 1_000) == ([], 0)
    expiry.note("new", NOW + WEEK + 2)
    rows["new"] = pack(1_000, NOW + WEEK + 2)
    forgotten = []
    while True:
        keys, looked_at = expiry.due(rows, 7)
        if not looked_at:
            break
        assert looked_at <= 7
        forgotten += keys
        for key in keys:
            del rows[key]
        expiry.forget(looked_at)
    assert forgotten == [f"k{number}" for number in range(20)]
    assert len(expiry) == len(rows) == 81


def test_an_id_seen_again_stays() -> None:
    expiry = Expiry(WEEK)
    rows = {"a": pack(1, NOW), "b": pack(2, NOW)}
    expiry.restore(rows)
    rows["a"] = pack(1, NOW + 100)
    expiry.note("a", NOW + 100)
    rows["c"] = pack(3, NOW + WEEK + 1)
    expiry.note("c", NOW + WEEK + 1)
    assert expiry.due(rows, 10) == (["b"], 2)
    expiry.forget(2)
    assert expiry.due(rows, 10) == ([], 0)
    assert len(expiry) == 2


def test_nothing_changes_before_the_commit() -> None:
    expiry = Expiry(WEEK)
    rows = {"a": pack(1, NOW), "c": pack(3, NOW + WEEK + 1)}
    expiry.restore(rows)
    assert expiry.due(rows, 10) == expiry.due(rows, 10) == (["a"], 1)
