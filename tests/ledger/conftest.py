"""Fixtures: a ledger in its own folder."""

import pytest

from calltools import ledger
from tests.ledger.fakes import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def open_ledger(folder, clock):
    with ledger.open_ledger_in(folder, clock) as opened:
        yield opened
