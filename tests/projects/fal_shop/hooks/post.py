from turns import note

model = context.current_model
note(context, "post.py", model.status, context.arguments.get("limit"))
