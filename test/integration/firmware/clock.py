# MicroPython's part of the module `time`, moved by the sleeps alone; it all ends after 25 s.
import sys
import time

elapsed_us = 0
TICKS = 1 << 30
# MicroPython's ticks begin again some day: these do so after 5 s.
START_MS = TICKS - 5_000


def sleep_us(span):
    global elapsed_us
    elapsed_us += span
    if elapsed_us > 25_000_000:
        sys.stdout.flush()
        sys.exit(0)


time.sleep_us = sleep_us
time.sleep_ms = lambda span: sleep_us(span * 1_000)
time.ticks_ms = lambda: (START_MS + elapsed_us // 1_000) % TICKS
time.ticks_diff = lambda a, b: (a - b + TICKS // 2) % TICKS - TICKS // 2
