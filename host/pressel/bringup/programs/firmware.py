# The firmware of the slot that boot.json names, made in stages.
def stages():
    import main

    main.choose()
    import app.boot

    return app.boot.stages()


def idf_heap():
    import esp32

    regions = esp32.idf_heap_info(esp32.HEAP_DATA)
    return sum(each[1] for each in regions), max(each[2] for each in regions)
