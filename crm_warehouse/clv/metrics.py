"""How far predictions were from what came.

Belongs here: measures of orders, revenue and churn over one set of customers. Does not: predictions.
Ties never help: ranks are averaged, and customers tied at the edge of the top tenth share its last places.
"""

from dataclasses import dataclass

import numpy as np

from crm_warehouse.clv.cells import FloatArray

TOP_SHARE = 0.1
BINS = 10


@dataclass(frozen=True)
class Decile:
    """A tenth of the customers, by predicted churn probability.

    Attributes:
        customers: How many.
        predicted: Their mean churn probability.
        actual: Share of them who did not buy.
    """

    customers: int
    predicted: float
    actual: float


def mean_absolute_error(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean of |predicted - actual| per customer."""
    return float(np.mean(np.abs(predicted - actual)))


def bias(predicted: FloatArray, actual: FloatArray) -> float | None:
    """Predicted total over actual total; None where nothing came."""
    total = float(actual.sum())
    return float(predicted.sum()) / total if total > 0 else None


def spearman(predicted: FloatArray, actual: FloatArray) -> float | None:
    """Rank correlation; None where either does not vary."""
    if len(actual) == 0 or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return None
    return float(np.corrcoef(_ranks(predicted), _ranks(actual))[0, 1])


def top_capture(predicted: FloatArray, actual: FloatArray, share: float = TOP_SHARE) -> float | None:
    """Share of the actual total that the predicted top `share` of customers brought; None where nothing came."""
    total = float(actual.sum())
    if total <= 0:
        return None
    places = max(1, round(len(predicted) * share))
    edge = np.sort(predicted)[-places]
    above, tied = predicted > edge, predicted == edge
    places_left = (places - int(above.sum())) / int(tied.sum())
    return float((actual[above].sum() + actual[tied].sum() * places_left) / total)


def area_under_curve(probability: FloatArray, happened: FloatArray) -> float | None:
    """Chance that a customer to whom it happened was ranked above one to whom it did not; None without both."""
    yes = float(happened.sum())
    no = len(happened) - yes
    if yes == 0 or no == 0:
        return None
    return float((_ranks(probability)[happened == 1].sum() - yes * (yes + 1) / 2) / (yes * no))


def brier_score(probability: FloatArray, happened: FloatArray) -> float:
    """Mean squared error of a probability."""
    return float(np.mean((probability - happened) ** 2))


def calibration_error(probability: FloatArray, happened: FloatArray) -> float:
    """Expected calibration error over ten equally wide bins of probability."""
    place = np.clip((probability * BINS).astype(int), 0, BINS - 1)
    predicted = np.bincount(place, probability, BINS)
    return float(np.abs(predicted - np.bincount(place, happened, BINS)).sum() / len(probability))


def calibration_by_decile(probability: FloatArray, happened: FloatArray) -> list[Decile]:
    """Predicted and actual share in ten equally large groups, from the lowest to the highest probability."""
    order = np.argsort(probability, kind="stable")
    return [
        Decile(len(group), float(probability[group].mean()), float(happened[group].mean()))
        for group in np.array_split(order, BINS)
        if len(group)
    ]


def gains(predicted: FloatArray, actual: FloatArray, steps: int = 20) -> list[tuple[float, float]]:
    """Share of customers, best predicted first, against the share of the actual total that they brought."""
    points = [(step / steps, top_capture(predicted, actual, step / steps)) for step in range(1, steps + 1)]
    return [(0.0, 0.0), *((share, held) for share, held in points if held is not None)]


def _ranks(values: FloatArray) -> FloatArray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: FloatArray = np.cumsum(count) - (count - 1) / 2
    return middle[place]
