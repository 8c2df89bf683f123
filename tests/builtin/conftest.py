"""`trees` can be imported here: small data sets laid out as their distributors do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "datasets"))
