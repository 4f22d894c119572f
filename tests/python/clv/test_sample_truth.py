"""The sample shop's purchase process, whose truth is known: scores are as good as the truth allows."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from crm_warehouse.clv.metrics import calibration_error
from crm_warehouse.sample.config import DAY, NEVER, SHOP_END, SampleConfig, unix
from crm_warehouse.sample.people import make_people
from crm_warehouse.sample.purchases import Purchases, make_purchases
from tests.python.clv.conftest import Scores
from tests.python.clv.shops import AS_OF

HORIZON = 90


def made(*, seasonality: bool) -> Purchases:
    config = SampleConfig(customers=12_000, seasonality=seasonality)
    return make_purchases(config, 0, make_people(config, 0))


def until(purchases: Purchases, last_second: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of int_customer_orders_summarized and of orders; the last second becomes the shops' as-of date."""
    seen = purchases.second <= last_second
    days_ago = last_second // DAY - purchases.second[seen] // DAY
    orders = pd.DataFrame(
        {
            "customer_key": pd.Series(purchases.buyer[seen]).map("c{:06d}".format),
            "order_date": pd.Timestamp(AS_OF) - pd.to_timedelta(days_ago, unit="D"),
            "sales_amount": np.maximum(0.01, purchases.spend[purchases.buyer[seen]]).round(2),
        }
    )
    grouped = orders.groupby("customer_key")
    customers = pd.DataFrame(
        {
            "first_purchase_date": grouped.order_date.min().dt.date,
            "last_purchase_date": grouped.order_date.max().dt.date,
            "purchase_day_count": grouped.order_date.nunique(),
            "order_count": grouped.order_date.count(),
            "sales_amount": grouped.sales_amount.sum(),
            "refund_amount": 0.0,
        }
    )
    return customers.reset_index(), orders


def numbers(scores: Scores) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return scores.churn.customer_key.str[1:].astype(int).to_numpy()


def test_without_seasons_churn_is_the_true_one_in_every_decile(score: Callable[..., Scores]) -> None:
    purchases = made(seasonality=False)
    scores = score(*until(purchases, unix(SHOP_END) + DAY - 1))
    who = numbers(scores)
    truth = np.where(purchases.left_s[who] < NEVER, 1.0, np.exp(-purchases.rate[who] * HORIZON))
    churn = scores.churn.churn_probability.to_numpy()
    for decile in np.array_split(np.argsort(churn, kind="stable"), 10):
        sampling_error = truth[decile].std() / np.sqrt(len(decile))
        assert abs(churn[decile].mean() - truth[decile].mean()) < 3 * sampling_error


def test_with_seasons_churn_is_calibrated(score: Callable[..., Scores]) -> None:
    purchases = made(seasonality=True)
    as_of = unix(SHOP_END) + DAY - 1 - HORIZON * DAY
    scores = score(*until(purchases, as_of))
    later = (purchases.second > as_of) & (purchases.second <= as_of + HORIZON * DAY)
    came_back = np.bincount(purchases.buyer[later], minlength=len(purchases.rate)) > 0
    stayed_away = 1.0 - came_back[numbers(scores)]
    assert calibration_error(scores.churn.churn_probability.to_numpy(), stayed_away) <= 0.03
