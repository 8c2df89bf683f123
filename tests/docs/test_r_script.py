"""The R script of the guide reads what `aukit predict` writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "guides" / "read_tracks.R"


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_the_r_script_reads_a_tracks_file(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(
        "frame,face_id,timestamp,confidence,success,AU04_r,AU12_r,AU12_b\n"
        "1,0,0.000000,0.9000,1,0.5000,1.0000,0.0\n"
        "2,-1,0.040000,0.0000,0,,,\n"
        "3,0,0.080000,0.9000,1,1.5000,4.0000,3.0\n"
    )
    done = subprocess.run(["Rscript", str(SCRIPT), str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "3 rows, 2 with intensities",
        "AU04 mean 1.00, highest 1.50 at 0.08 s",
        "AU12 mean 2.50, highest 4.00 at 0.08 s",
    ]
