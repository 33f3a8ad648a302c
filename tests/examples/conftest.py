"""The scripts of examples/ are found as `tickwire listen` finds them: their folder comes first."""

import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
