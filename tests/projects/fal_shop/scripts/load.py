import pandas as pd
from turns import note

orders = pd.DataFrame(
    {"id": [1, 2, 3], "customer": ["ann", "bob", "ann"], "amount": [2.5, 4.0, 0.5]}
)
write_to_source(orders, "shop", "raw_orders", mode="overwrite")
note(context, "load.py")
