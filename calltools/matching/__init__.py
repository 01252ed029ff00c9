"""Matching: identifiers of visitors from a second file."""
