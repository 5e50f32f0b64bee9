from turns import note

rows = len(execute_sql("select * from {{ ref('report') }} where total > 3"))
note(context, "notify.py", context.current_model.status, rows)
