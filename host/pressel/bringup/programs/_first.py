# Comes before every program. What it prints as JSON is what the test measures.
import gc
import json
import time


def tell(**values):
    print(json.dumps(values))


def person(what):
    print(json.dumps({"person": what}))


def facts(name="board.json"):
    with open(name) as file:
        return json.load(file)
