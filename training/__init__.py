"""Topic and entity models: trained from gold, asked for predictions, scored with intervals."""

import os

# Read by torch's OpenMP when it starts. Waiting threads otherwise spin: twice the CPU time where
# cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
