"""Vendors: profiles as data, and the engine that applies them. No vendor is named here."""
