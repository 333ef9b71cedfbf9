"""The agents: each wires the logic of one stage to its topics and tables."""
