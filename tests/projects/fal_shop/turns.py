"""Notes the turns of scripts, in their order."""


def note(context, script, *more):
    model = context.current_model
    words = [model.name if model else "the run", script, *map(str, more)]
    with open("turns.txt", "a") as file:
        print(*words, file=file)
