# Writes a file anew, the way the firmware writes all that must not be lost, until the power goes.
import os


def write(number):
    with open("bringup.new", "w") as file:
        json.dump({"number": number, "rest": "x" * 600}, file)
    os.rename("bringup.new", "bringup.json")


write(0)
person("unplug")
begun = time.ticks_ms()
number = 0
while time.ticks_diff(time.ticks_ms(), begun) < 60000:
    number += 1
    write(number)
tell(survived=True)
