from machine import ADC, Pin

battery = facts()["battery"]
adc = ADC(Pin(battery["pin"]), atten=ADC.ATTN_11DB)
readings = []
for _ in range(50):
    readings.append(adc.read_uv() // 1000 * battery["scale_permille"] // 1000)
    time.sleep_ms(10)
tell(millivolts=sum(readings) // len(readings), spread_mv=max(readings) - min(readings))
