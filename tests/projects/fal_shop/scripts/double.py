from turns import note

orders = ref("orders")
orders["doubled"] = 2 * orders.amount
write_to_model(orders, mode="overwrite")
note(context, "double.py", context.current_model.status, len(orders))
