"""Claims about whole data sets: labels in a store are those of the text files; memory does not grow with length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.reader import ClipStore
from aukit.contracts.faces import CropRule, FaceRules, Framing
from aukit.hosting.build import build
from aukit.ingest.prepare import prepare
from aukit.testing.video import write_video

SHARED = Path(os.environ.get("AUKIT_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
FAST = Framing(crop=CropRule(size=32), faces=FaceRules(every=10, smooth=0))


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "rendered-disfa").exists(), reason="the rendered set is not there")
def test_labels_are_those_of_the_text_files(tmp_path: Path) -> None:
    root = SHARED / "rendered-disfa"
    data = build("dataset", "disfa", origin="rendered")
    prepare(data, tmp_path / "a.h5", root=root, framing=FAST, limit=3)
    store = ClipStore(tmp_path / "a.h5")
    assert store.origin == "rendered"
    for video in store.videos:
        numbers, labels = store.column(video.id, "frame_index"), store.labels(video.id)
        for column, au in enumerate(store.aus):
            text = root / "ActionUnit_Labels" / video.subject / f"{video.subject}_au{int(au[2:])}.txt"
            rows = dict(map(int, line.split(",")) for line in text.read_text().split())
            assert [rows[number] for number in numbers] == labels[:, column].tolist()


PROGRAM = """
import resource, sys
from pathlib import Path
from aukit.contracts.faces import CropRule, FaceRules, Framing
from aukit.hosting.build import build
from aukit.hosting.host import load_host
from aukit.contracts.data import Recording
from aukit.ingest.parts import Job, Plan
from aukit.ingest.prepare_video import prepare_video
framing = Framing(crop=CropRule(rule="none", size=128), locator="none")
plan = Plan(
    parts=Path("."), store=Path("none.h5"), framing=framing, locator=load_host(plugins=False).find("locator", "none"),
    data_set="x", origin="synthetic", aus=("AU01",), fps=25, encoding="raw", quality=90,
)
job = Job(recording=Recording(video=sys.argv[1], subject="", path=Path(sys.argv[1])), video=sys.argv[1], subject="")
print(sum(prepare_video(job, plan, plan.build_locator())), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (8, 120, 160, 3), np.uint8)
    peak = {}
    for count in (200, 4000):  # in the store, 10 and 197 MB
        name = f"{count}.mp4"
        pictures = (frames[number % 8] for number in range(count))
        write_video(tmp_path / name, pictures, options={"preset": "ultrafast"})
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, name], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        made, kilobytes = map(int, done.stdout.split())
        assert made == count
        peak[count] = kilobytes
    assert peak[4000] < peak[200] + 20_000
