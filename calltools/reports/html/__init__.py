"""The HTML report: one page that opens anywhere, with findings, their places, and charts of the calls."""
