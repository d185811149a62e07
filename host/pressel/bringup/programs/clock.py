import machine

first = machine.freq()
for mhz in (240, 160):
    try:
        machine.freq(mhz * 1000000)
        break
    except ValueError:  # not with this chip
        pass
tell(first_mhz=first // 1000000, set_mhz=machine.freq() // 1000000)
machine.freq(first)
