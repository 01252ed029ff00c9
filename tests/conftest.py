"""What tests share: batches from text, cells, a frozen now."""

import os
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells

settings.register_profile("ci", max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("long", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

#: 2026-03-10 00:00:00 UTC: "now" in tests.
NOW = 1773100800


@pytest.fixture(autouse=True, scope="session")
def _own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the ledger of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def assumptions() -> Assumptions:
    return Assumptions(now=NOW)


@pytest.fixture
def cells() -> Callable[..., Cells]:
    return lambda *texts: pa.array(texts, pa.string())
