# The firmware of the slot that boot.json names, made in stages.
def stages():
    import main

    main.choose()
    import app.boot

    return app.boot.stages()


def idf_heap():
    import esp32

    internal = 1 << 11  # ESP-IDF's MALLOC_CAP_INTERNAL: Wi-Fi and I2S cannot use PSRAM
    regions = esp32.idf_heap_info(internal | esp32.HEAP_DATA)
    return sum(each[1] for each in regions), max(each[2] for each in regions)
