"""The allocator: seat plans, holds, confirms and releases, decided atomically in the store."""
