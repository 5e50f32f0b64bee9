from turns import note

note(context, "start.py")
