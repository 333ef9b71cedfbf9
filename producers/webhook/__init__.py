"""What the webhook collector is made of: who may send, how a request is signed, its posts, and the wait for Kafka."""
