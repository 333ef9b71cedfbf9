"""The server of the kaskus collector: a forum with its list of threads; it is the outlet of `sites` with other addresses."""

from pathlib import Path

from tests.support.upstreams.sites import SitesUpstream


class KaskusUpstream(SitesUpstream):
    """A forum, whose threads have ids of 24 hexadecimal digits."""

    name = "kaskus"

    def settings(self) -> dict[str, str]:
        """The list of forums."""
        path = Path(self._folder.name) / "forums.toml"
        path.write_text(
            f"""[[forums]]
name = "kabar"
list = "{self.url}/indeks"
next = "{self.url}/indeks?page={{page}}"
link = "a[href*='/thread/']"
article = 'https?://127\\.0\\.0\\.1:\\d+/thread/[0-9a-f]{{24}}(?:/[^/]*)?'
date = ".waktu"
zone = "Asia/Jakarta"
language = "id"
""",
            encoding="utf-8",
        )
        return {
            "DENYUT_KASKUS_FORUMS": str(path),
            "DENYUT_WEB_GAP_S": "0",
        }

    def publish(self, n: int) -> list[str]:
        """`n` more threads."""
        first = self.published
        super().publish(n)
        return [f"kaskus:{number:024x}" for number in range(first, first + n)]

    def path(self, number: int) -> str:
        """Where thread `number` is."""
        return f"/thread/{number:024x}/harga-beras-naik"
