"""Names for the arrays the sample is computed in: one value per person, order, line, mail or ticket."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
# A fact table: columns of equal length by name.
Columns = dict[str, npt.NDArray[np.generic]]


def stack(parts: Sequence[Columns]) -> Columns:
    """Tables with the same columns below each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
