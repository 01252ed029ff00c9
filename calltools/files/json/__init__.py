"""JSON: a list of objects, JSON Lines, or one list inside an envelope."""
