"""The comparison as one HTML file that needs nothing else: charts are SVG inside it.

Belongs here: charts and page. Does not: figures (`compare.py`).
"""

from html import escape
from string import Template
from typing import Any

from crm_warehouse.backtest.compare import Comparison

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>CLV backtest as of $as_of</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}figure{margin:2rem 0}svg{max-width:100%;height:auto}
</style></head><body>
<h1>CLV and churn as of $as_of, against the $horizon days that followed</h1>
<table><tr><th>measure</th><th>value</th></tr>$figures</table>
<figure><h2>Calibration of churn</h2><p>Customers in ten equal groups. On the line, as many stayed away as was said.</p>
$calibration</figure>
<figure><h2>Gains</h2><p>Share of the revenue that came, held by the customers with the highest prediction.</p>
$gains</figure>
<figure><h2>Tracking</h2><p>Cumulative repeat purchases of all customers known on $as_of, by week since the shop
opened. Without a fitted model only what came is shown.</p>$tracking</figure>
<h2>Why these scores</h2><table>
<tr><th>horizon</th><th>scores</th><th>winner</th><th>why</th><th>gate</th><th>why</th></tr>
$choice</table></body></html>
""")


def render(comparison: Comparison) -> str:
    """The page."""
    figures = {k: v for k, v in comparison.figures.items() if k != "choice"}
    return _PAGE.substitute(
        as_of=comparison.as_of.isoformat(),
        horizon=comparison.horizon_days,
        figures="".join(
            f"<tr><td>{escape(name)}</td><td>{_shown(value)}</td></tr>" for name, value in figures.items()
        ),
        calibration=_svg(_calibration(comparison)),
        gains=_svg(_gains(comparison)),
        tracking=_svg(_tracking(comparison)),
        choice="".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in comparison.figures["choice"]
        ),
    )


def _shown(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.3f}"


def _svg(spec: dict[str, Any]) -> str:
    # Costs a second to import, and only this page needs it.
    import vl_convert

    frame = {
        "width": 560,
        "height": 320,
        "config": {"legend": {"orient": "bottom"}},
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    }
    svg: str = vl_convert.vegalite_to_svg({**frame, **spec})
    return svg


def _axis(field: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **more}


def _calibration(comparison: Comparison) -> dict[str, Any]:
    groups = [
        {"predicted": group.predicted, "actual": group.actual, "customers": group.customers}
        for group in comparison.calibration
    ]
    x, y = _axis("predicted", "predicted churn probability"), _axis("actual", "share who stayed away")
    diagonal = {"values": [{"predicted": 0, "actual": 0}, {"predicted": 1, "actual": 1}]}
    dashes = {"type": "line", "color": "#999", "strokeDash": [4, 4]}
    return {
        "layer": [
            {"data": diagonal, "mark": dashes, "encoding": {"x": x, "y": y}},
            {
                "data": {"values": groups},
                "mark": {"type": "line", "point": True},
                "encoding": {"x": x, "y": y},
            },
        ]
    }


def _gains(comparison: Comparison) -> dict[str, Any]:
    points = [{"share": share, "held": held, "order": "by prediction"} for share, held in comparison.gains]
    points += [{"share": end, "held": end, "order": "at random"} for end in (0.0, 1.0)]
    return {
        "data": {"values": points},
        "mark": "line",
        "encoding": {
            "x": _axis("share", "share of customers"),
            "y": _axis("held", "share of revenue that came"),
            "color": {"field": "order", "type": "nominal", "title": None},
        },
    }


def _tracking(comparison: Comparison) -> dict[str, Any]:
    points = [{"week": week, "repeats": came, "line": "came"} for week, came, _ in comparison.tracking]
    points += [
        {"week": week, "repeats": said, "line": "expected"}
        for week, _, said in comparison.tracking
        if said is not None
    ]
    cut = max((week for week, _, _ in comparison.tracking), default=0) - comparison.horizon_days / 7
    return {
        "layer": [
            {
                "data": {"values": points},
                "mark": "line",
                "encoding": {
                    "x": _axis("week", "weeks since the shop opened"),
                    "y": _axis("repeats", "cumulative repeat purchases"),
                    "color": {"field": "line", "type": "nominal", "title": None},
                },
            },
            {
                "data": {"values": [{"week": cut}]},
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": "#999"},
                "encoding": {"x": _axis("week", "weeks since the shop opened")},
            },
        ]
    }
