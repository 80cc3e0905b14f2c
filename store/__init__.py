"""The store: Valkey connections, the function library, the clock and the micro-batcher."""
