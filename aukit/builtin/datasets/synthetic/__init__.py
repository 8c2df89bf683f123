"""aukit's own faces: people, expressions, head motion, light and camera in numpy, without assets."""

from aukit.builtin.datasets.synthetic.dataset import SyntheticFaces
from aukit.builtin.datasets.synthetic.facs import ALL_AUS, DISFA_AUS
from aukit.builtin.datasets.synthetic.sheet import draw_sheet, write_sheet

__all__ = ["ALL_AUS", "DISFA_AUS", "SyntheticFaces", "draw_sheet", "write_sheet"]
