"""A workbook back: the user's own with the wrong cells marked, or a fresh one when there is nothing to mark."""
