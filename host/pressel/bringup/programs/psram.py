import esp32

SPIRAM = 1 << 10  # ESP-IDF's MALLOC_CAP_SPIRAM
total = sum(each[0] for each in esp32.idf_heap_info(SPIRAM))
tell(psram_mib=round(total / (1 << 20), 1))
