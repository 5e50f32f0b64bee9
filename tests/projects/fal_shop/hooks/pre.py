from turns import note

note(context, "pre.py", len(source("shop", "raw_orders")))
