"""Whose visit it was: identifiers from a second file."""
