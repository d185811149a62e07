"""A correct board file that uses everything, for tests that spoil one line of it."""

GOOD = """\
name = "Test board"
chip = "esp32"
flash_mib = 4
notes = '''
shares_port = 7  # only words
'''
[microphone]
id = 0
sck = 14
ws = 27
sd = 35
[speaker]
id = 1
sck = 26
ws = 25
sd = 22
enable = 13
[button]
pin = 4
active_low = true
[side_button]
pin = 18
active_low = true
[led]
pin = 19
active_high = true
[battery]
pin = 34
scale_permille = 2000
empty_mv = 3300
low_mv = 3500
full_mv = 4200
[vibration]
pin = 23
active_high = true
[display]
kind = "ssd1306"
sda = 21
scl = 32
address = 0x3C
width = 128
height = 64
[codec]
kind = "es8311"
sda = 21
scl = 32
address = 0x18
registers = [
    [0x00, 0x80],  # a bracket in a comment: [
]
"""
