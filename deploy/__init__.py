"""How Denyut is run: embedded stack, supervisor, commands, documents."""
