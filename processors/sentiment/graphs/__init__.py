"""ONNX graphs from arrays, without torch: the encoder, the n-grams, and what joins them."""
