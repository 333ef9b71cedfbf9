"""The conformance suite: what a client of the stream may rely on, asked over real HTTP of any deployment."""
