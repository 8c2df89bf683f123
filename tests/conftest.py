"""What every test gets: an environment of its own and a terminal of 80 columns without colour."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["aukit.testing.pytest_plugin"]

for _name in [name for name in os.environ if name.startswith("AUKIT_") and name != "AUKIT_SHARED_DATA"]:
    del os.environ[_name]
os.environ["OMP_NUM_THREADS"] = "1"
# A busy machine is no failure: examples may take as long as they take. Where a change is judged, the same examples are
# drawn each time, so that no change fails for an example that another one met; elsewhere each run draws new ones.
settings.register_profile(
    "aukit", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("aukit")
# A shell starts what it puts in the background deaf to Ctrl-C, and children inherit that: listen again.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
