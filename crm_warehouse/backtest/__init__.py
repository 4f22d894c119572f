"""What a warehouse built on an earlier day said, against what came: `python -m crm_warehouse.backtest`."""
