"""What a suite says of its runs' data before the first of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aukit.contracts.run import Event, Note
from aukit.hosting.host import load_host
from aukit.suites.data import tell_mixture
from aukit.suites.load import Options, load_suite


@pytest.mark.parametrize(
    ("there", "warned"), [((), False), (("disfa",), True), (("disfa", "affwild2"), False)]
)
def test_stand_ins_beside_real_data_are_told_beforehand(
    tmp_path: Path, there: tuple[str, ...], warned: bool
) -> None:
    for name in there:
        (tmp_path / f"{name}.h5").touch()
    options = Options(stand_in=True, data_root=tmp_path)
    suite = load_suite("paper/table2", registry=load_host(plugins=False), options=options)
    runs = {name: Path("runs") / name for name in suite.variants}
    events = list[Event]()
    tell_mixture([suite.recipe(name, fold=1, seed=0, runs=runs) for name in suite.variants], events.append)
    assert [isinstance(event, Note) and "see stand-ins" in event.text for event in events] == [True] * warned
