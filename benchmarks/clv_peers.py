"""Other libraries on the same orders, in an environment of their own: `python clv_peers.py ORDERS CUTOFF HORIZON`.

    uv venv <peers> && VIRTUAL_ENV=<peers> uv pip install lifetimes pymc-marketing scikit-learn pandas pyarrow

Each peer sees orders up to the cutoff, writes its predictions as Parquet into the working directory, and reports its
version and the CPU seconds of fit and score (compilation included, imports not); the last line of output is JSON.
Refunds are left to revenue as in `benchmarks/clv.py`: a purchase is a day with a positive amount.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def read(path: str) -> pd.DataFrame:
    """One row per customer and purchase day, customers numbered as in benchmarks/clv.py."""
    orders = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    orders = orders[orders.customer_id.notna()]
    orders["customer_number"] = orders.customer_id.rank(method="dense").astype(int)
    orders["day"] = pd.to_datetime(orders.ts).dt.normalize()
    days = orders.groupby(["customer_number", "day"]).agg(
        bought=("amount", lambda amounts: amounts[amounts > 0].sum()), amount=("amount", "sum")
    )
    return days.reset_index()


def summary(days: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Frequency, recency and age in weeks, mean spend of repeat purchase days."""
    seen = days[(days.day <= cutoff) & (days.bought > 0)]
    grouped = seen.groupby("customer_number")
    first, last, count = grouped.day.min(), grouped.day.max(), grouped.day.count()
    repeats = seen[seen.day > seen.customer_number.map(first)]
    return pd.DataFrame(
        {
            "frequency": count - 1,
            "recency": (last - first).dt.days / 7,
            "T": (cutoff - first).dt.days / 7,
            "silence": (cutoff - last).dt.days / 7,
            "monetary_value": repeats.groupby("customer_number").bought.mean().reindex(count.index).fillna(0),
            "mean_spend": grouped.bought.mean(),
        }
    )


def by_lifetimes(
    rfm: pd.DataFrame, weeks: float
) -> tuple[Callable[[], object], Callable[[object], pd.DataFrame]]:
    """BG/NBD and Gamma-Gamma; churn is 1 - P(alive), the library's only notion of it."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    repeats = rfm[(rfm.frequency > 0) & (rfm.monetary_value > 0)]

    def fit() -> object:
        purchases = BetaGeoFitter().fit(rfm.frequency, rfm.recency, rfm["T"])
        return purchases, GammaGammaFitter().fit(repeats.frequency, repeats.monetary_value)

    def score(models: object) -> pd.DataFrame:
        purchases, spend = models
        orders = purchases.conditional_expected_number_of_purchases_up_to_time(
            weeks, rfm.frequency, rfm.recency, rfm["T"]
        )
        value = spend.conditional_expected_average_profit(rfm.frequency, rfm.monetary_value)
        alive = purchases.conditional_probability_alive(rfm.frequency, rfm.recency, rfm["T"])
        return pd.DataFrame(
            {
                "orders": np.asarray(orders),
                "revenue": np.asarray(orders) * np.asarray(value),
                "churn": 1 - alive,
            }
        )

    return fit, score


def by_pymc(
    rfm: pd.DataFrame, weeks: float, name: str
) -> tuple[Callable[[], object], Callable[[object], pd.DataFrame]]:
    """A purchase model and Gamma-Gamma by maximum a posteriori.

    Churn is P(no purchase within the horizon) where the library has it (BG/NBD), else 1 - P(alive) (MBG/NBD).
    """
    from pymc_marketing import clv

    data = rfm.reset_index().rename(columns={"customer_number": "customer_id"})
    repeats = data[(data.frequency > 0) & (data.monetary_value > 0)]

    def fit() -> object:
        purchases, spend = getattr(clv, name)(data=data), clv.GammaGammaModel(data=repeats)
        purchases.fit(method="map", progressbar=False)
        spend.fit(method="map", progressbar=False)
        return purchases, spend

    def score(models: object) -> pd.DataFrame:
        purchases, spend = models
        orders = purchases.expected_purchases(data=data, future_t=weeks).mean(("chain", "draw")).to_numpy()
        value = spend.expected_customer_spend(data=data).mean(("chain", "draw")).to_numpy()
        try:
            churn = purchases.expected_probability_no_purchase(t=weeks, data=data)
        except NotImplementedError:
            churn = 1 - purchases.expected_probability_alive(data=data)
        churn = churn.mean(("chain", "draw")).to_numpy()
        return pd.DataFrame({"orders": orders, "revenue": orders * value, "churn": churn})

    return fit, score


def by_boosting(
    days: pd.DataFrame, rfm: pd.DataFrame, cutoff: pd.Timestamp, horizon: int
) -> tuple[Callable[[], object], Callable[[object], pd.DataFrame]]:
    """Hurdle of gradient boosting: buys at all, how often, for how much; trained on one horizon before the cutoff.

    Where that leaves no eight weeks of history, on the latest half of the history instead, scaled to the horizon.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    history = (cutoff - days.day.min()).days
    span = horizon if history - horizon >= 56 else history // 2
    origin = cutoff - timedelta(days=span)
    columns = ["frequency", "recency", "T", "silence", "mean_spend"]

    def fit() -> object:
        past = summary(days, origin)
        later = days[(days.day > origin) & (days.day <= cutoff)]
        bought = later[later.bought > 0].groupby("customer_number").day.count().reindex(past.index).fillna(0)
        spent = later.groupby("customer_number").amount.sum().reindex(past.index).fillna(0)
        some = bought > 0
        chance = HistGradientBoostingClassifier(max_depth=4, random_state=1).fit(past[columns], some)
        often = HistGradientBoostingRegressor(loss="poisson", max_depth=4, random_state=1)
        much = HistGradientBoostingRegressor(loss="gamma", max_depth=4, random_state=1)
        value = (spent[some] / bought[some]).clip(lower=0.01)
        return chance, often.fit(past[columns][some], bought[some]), much.fit(past[columns][some], value)

    def score(models: object) -> pd.DataFrame:
        chance, often, much = models
        scale = horizon / span
        buys = 1 - (1 - chance.predict_proba(rfm[columns])[:, 1]) ** scale
        orders = buys * np.maximum(1, often.predict(rfm[columns]) * scale)
        return pd.DataFrame(
            {"orders": orders, "revenue": orders * much.predict(rfm[columns]), "churn": 1 - buys}
        )

    return fit, score


def main() -> None:
    """Fit, score and time every peer."""
    path, cutoff, horizon = sys.argv[1], date.fromisoformat(sys.argv[2]), int(sys.argv[3])
    days, at = read(path), pd.Timestamp(cutoff)
    rfm = summary(days, at)
    peers = {
        "lifetimes BG/NBD": ("lifetimes", lambda: by_lifetimes(rfm, horizon / 7)),
        "pymc-marketing BG/NBD, MAP": (
            "pymc-marketing",
            lambda: by_pymc(rfm, horizon / 7, "BetaGeoModel"),
        ),
        "pymc-marketing MBG/NBD, MAP": (
            "pymc-marketing",
            lambda: by_pymc(rfm, horizon / 7, "ModifiedBetaGeoModel"),
        ),
        "gradient-boosted hurdle": ("scikit-learn", lambda: by_boosting(days, rfm, at, horizon)),
    }
    figures = {}
    for number, (name, (package, make)) in enumerate(peers.items()):
        fit, score = make()
        start = time.process_time()
        models = fit()
        fitted = time.process_time()
        predictions = score(models)
        scored = time.process_time()
        predictions.insert(0, "customer_number", rfm.index.to_numpy())
        file = f"peer_{number}.parquet"
        predictions.to_parquet(file)
        figures[name] = {
            "predictions": file,
            "version": f"{package} {version(package)}",
            "fit_cpu_seconds": round(fitted - start, 2),
            "score_cpu_seconds": round(scored - fitted, 2),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
