"""Names for the arrays the sample is computed in: one value per person, order, line, mail or ticket."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
# A fact table: columns of equal length by name.
Columns = dict[str, npt.NDArray[np.generic]]
