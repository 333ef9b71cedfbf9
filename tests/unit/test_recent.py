"""What of a listing is new, page by page."""

from collections.abc import Sequence

from producers.recent import Fresh, Listed, Recent, fresh


def read(pages: Sequence[Sequence[int]], recent: Recent) -> Fresh:
    return fresh([list(page) for page in pages], lambda raw: Listed(str(raw), None), recent, "test")


def test_pages_are_read_until_one_names_what_is_known() -> None:
    found = read([[7, 6], [5, 4], [3, 2]], Recent(ids=["4"]))
    assert [listed.id for listed, _ in found.listed] == ["7", "6", "5"]
    assert found.met


def test_what_moved_to_the_next_page_meanwhile_is_not_what_is_known() -> None:
    # 8 was published after the first page was read, so the second begins with what the first ended with.
    found = read([[7, 6], [6, 5], [4, 3], [2, 1]], Recent(ids=["1"]))
    assert [listed.id for listed, _ in found.listed] == ["7", "6", "5", "4", "3", "2"]
    assert found.met
    assert found.lost(Recent(ids=["1"])) is None
