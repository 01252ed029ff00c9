"""CSV: sniffing, two parsers (a fast one and a strict one), and the writers."""
