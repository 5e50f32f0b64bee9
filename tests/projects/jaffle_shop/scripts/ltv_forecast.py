"""How often a customer will order, and for how much.

Few customers have a long history, so each one's own figures are drawn towards those of all
customers: the less is known of a customer, the more.
"""

import pandas as pd

# As many orders of an average customer are added to everyone's history.
PRIOR_ORDERS = 1.0
PRIOR_VALUES = 2.0


def expected_orders(history: pd.DataFrame, as_of: str, horizon_days: int) -> pd.Series:
    """Orders in the next `horizon_days`; 0 for who has never ordered."""
    days = (pd.Timestamp(as_of) - pd.to_datetime(history.first_order)).dt.days
    prior_days = PRIOR_ORDERS * days.mean() / history.number_of_orders.mean()
    rate = (history.number_of_orders + PRIOR_ORDERS) / (days + prior_days)
    return (horizon_days * rate).fillna(0.0)


def typical_order_value(history: pd.DataFrame) -> pd.Series:
    """What an order of each customer brings."""
    average = history.revenue.sum() / history.number_of_orders.sum()
    revenue = history.revenue.fillna(0.0) + PRIOR_VALUES * average
    return revenue / (history.number_of_orders.fillna(0) + PRIOR_VALUES)
