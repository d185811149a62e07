gc.collect()
bare_free, begun = gc.mem_free(), gc.mem_alloc()
making = None
lowest = idf_heap()
tell(bare_free_bytes=bare_free)


def go():
    global making, lowest
    if making is None:
        making = stages()
    made = next(making)
    gc.collect()
    now = idf_heap()
    lowest = (min(lowest[0], now[0]), min(lowest[1], now[1]))
    return made is not None


def done():
    gc.collect()
    tell(
        made_bytes=gc.mem_alloc() - begun,
        idf_free_bytes=lowest[0],
        idf_largest_bytes=lowest[1],
    )
