"""A canonical file on its way to Metrica: checked, planned, sent, reconciled, polled until it is processed."""
