"""Proofs, against real engines."""
