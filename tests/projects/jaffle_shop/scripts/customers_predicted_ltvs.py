from ltv_forecast import expected_orders, typical_order_value

HORIZON_DAYS = 365

customers = ref("customers")
orders = ref("orders")

kept = orders[orders.status != "returned"]
history = kept.groupby("customer_id").agg(
    number_of_orders=("order_id", "count"),
    revenue=("amount", "sum"),
    first_order=("order_date", "min"),
)
history = history.reindex(customers.customer_id)

frame = customers[["customer_id"]].copy()
frame["expected_orders"] = expected_orders(
    history, as_of=orders.order_date.max(), horizon_days=HORIZON_DAYS
).to_numpy()
frame["predicted_ltv"] = (
    frame.expected_orders * typical_order_value(history).to_numpy()
).round(2)

print(f"predicted the value of {len(frame)} customers")
write_to_model(frame, mode="overwrite")
