"""`flat_data` can be imported here, and by the processes that make frames."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
