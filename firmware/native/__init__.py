"""Native twins of `ptt.media.dsp`'s functions, under the names that it knows; a module for each
part, so that `app.boot` can load as many as there is room for.

Written in viper, MicroPython's machine code for annotated functions. Viper code checks no bounds,
so each function is called through one in its module that checks lengths. The bytecode
twins in `ptt.media` say what the functions do; tests/native proves that both agree to the bit. The
build makes this package only for chips that it knows (see `native-code.md`), so whoever imports it
must be able to go on without.
"""
