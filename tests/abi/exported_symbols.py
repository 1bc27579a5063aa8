"""Usage: exported_symbols.py NM LIBRARY: exit 0 if aev_plugin_entry is all that the library exports."""

import subprocess
import sys

output = subprocess.run(
    [sys.argv[1], "-D", "--defined-only", sys.argv[2]], check=True, capture_output=True, text=True
).stdout
names = [line.split()[-1] for line in output.splitlines()]
print(names)
sys.exit(0 if names == ["aev_plugin_entry"] else 1)
