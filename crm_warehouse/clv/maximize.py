"""Maximum likelihood for a handful of positive parameters.

Belongs here: starts, bounds, convergence. Does not: any particular likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

FloatArray = NDArray[np.float64]
# Log-likelihood and its gradient by log-parameter.
LogLikelihood = Callable[[FloatArray], tuple[float, FloatArray]]

# Largest slope per customer (by log-parameter) that still counts as the top of the likelihood.
GRADIENT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Maximum:
    """The best point found.

    Attributes:
        parameters: On their natural scale.
        log_likelihood: At that point.
        is_converged: Whether the slope vanished there, up to parameters held by a bound.
    """

    parameters: FloatArray
    log_likelihood: float
    is_converged: bool


def maximize(
    likelihood: LogLikelihood,
    starts: Sequence[Sequence[float]],
    bounds: Sequence[tuple[float, float]],
    weight: float,
) -> Maximum:
    """Climb from every start and keep the highest top.

    The search runs on log-parameters, where the likelihood is closest to a paraboloid and positivity is free,
    and on the likelihood per customer, so that one tolerance fits shops of any size.

    Args:
        likelihood: Log-likelihood and gradient, both by log-parameter.
        starts: Starting points on the natural scale.
        bounds: Smallest and largest value per parameter on the natural scale.
        weight: Number of customers behind the likelihood.
    """
    log_bounds = np.log(np.asarray(bounds, dtype=np.float64))

    def loss(log_parameters: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = likelihood(log_parameters)
        return -value / weight, -gradient / weight

    tops = [
        minimize(
            loss,
            np.clip(np.log(np.asarray(start, dtype=np.float64)), *log_bounds.T),
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(log_bounds[:, 0], log_bounds[:, 1]),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
        )
        for start in starts
    ]
    best = min(tops, key=lambda top: top.fun if np.isfinite(top.fun) else np.inf)
    return Maximum(
        parameters=np.exp(best.x),
        log_likelihood=float(-best.fun * weight),
        is_converged=_is_flat(best.x, np.asarray(best.jac), log_bounds) and bool(np.isfinite(best.fun)),
    )


def _is_flat(point: FloatArray, slope: FloatArray, bounds: FloatArray) -> bool:
    pushed_low = (point <= bounds[:, 0] + 1e-9) & (slope > 0)
    pushed_high = (point >= bounds[:, 1] - 1e-9) & (slope < 0)
    free = slope[~(pushed_low | pushed_high)]
    return bool(np.all(np.abs(free) < GRADIENT_TOLERANCE))
