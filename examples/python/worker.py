"""Any of the workers here, by the transport that Weighbridge asks for."""

import os
import runpy
from pathlib import Path

name = os.environ["WEIGHBRIDGE_TRANSPORT"].replace("-", "_")
runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name="__main__")
