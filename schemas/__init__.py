"""The contract between the rooms: events, topics, codec, table names, settings, errors, metrics, logs."""
