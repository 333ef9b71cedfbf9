"""Landing in ClickHouse: exactly once, without decoding a record."""
