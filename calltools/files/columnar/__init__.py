"""Parquet and Arrow: typed columns become columns of text."""
