"""Primitives of masks and rewriting over whole columns."""
