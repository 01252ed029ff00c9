"""Primitives for masks and rewriting of whole columns."""
