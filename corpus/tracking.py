"""Where trainings may be recorded; light, since the command line's help names them."""

from typing import Literal

Tracking = Literal["none", "trackio", "mlflow"]
