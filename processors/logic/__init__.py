"""The logic of the stages: pure functions and small state machines on plain events; no machinery."""
