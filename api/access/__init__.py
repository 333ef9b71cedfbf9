"""Who may read what: identities from tokens and keys, and the gate before every route (ADR 21)."""
