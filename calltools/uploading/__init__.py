"""A canonical file on its way to Metrica: checked, planned, sent, found again, followed to its end.

``checking`` says whether the file may go, ``sending`` sends one part and decides nothing that the ledger has not
written down, ``finding`` looks for a part of which it is not known whether it arrived, ``following`` waits for the
service, ``results`` turns what became of a part into a line and an exit code, ``upload`` does all of it in order.
"""
