"""The store: Valkey connections, function libraries, the clock and the micro-batcher."""
