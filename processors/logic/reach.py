"""How far each partition of posts is, as a stage has heard it and told it on."""


class Reach:
    """[watermark, idle] by partition of posts, kept as rows."""

    def __init__(self, rows: dict[int, tuple[int, bool]]) -> None:
        self.rows = dict(rows)

    def copy(self) -> "Reach":
        """Another one that changes on its own."""
        return Reach(self.rows)

    def hear(self, partition: int, watermark: int, *, idle: bool) -> None:
        """Take note of a watermark, which never falls."""
        self.rows[partition] = max(watermark, self.of(partition)[0]), idle

    def of(self, partition: int) -> tuple[int, bool]:
        """(watermark, idle)."""
        return self.rows.get(partition, (0, False))

    def changes(self, before: "Reach") -> dict[int, list[int | bool]]:
        """The rows that are not as they were."""
        return {
            partition: list(row) for partition, row in self.rows.items() if row != before.rows.get(partition)
        }
