import esp32
import machine

nvs = esp32.NVS("pressel")
try:
    starts = nvs.get_i32("starts")
except OSError:
    starts = 0
try:
    nvs.set_i32("bringup", starts)
    nvs.commit()
except OSError as error:
    raise OSError("NVS takes no write, so restarts cannot be counted: see `flash`") from error
machine.WDT(timeout=3000)
begun = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), begun) < 12000:
    pass
tell(survived=True)
