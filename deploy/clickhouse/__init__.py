"""The embedded ClickHouse: one process that owns chDB and speaks ClickHouse's HTTP interface."""
