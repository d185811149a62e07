import esp32

nvs = esp32.NVS("pressel")
try:
    starts = nvs.get_i32("starts")
except OSError:
    starts = 0
tell(restarts=starts - nvs.get_i32("bringup"))
