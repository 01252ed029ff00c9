"""Whose export this is: profiles as data, and the engine that reads them. No vendor is named here."""
