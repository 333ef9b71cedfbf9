"""SQL over ClickHouse: fixed texts, every value a parameter that the server binds."""
