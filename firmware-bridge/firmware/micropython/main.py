# A box of sensors for Watercooler, on a Raspberry Pi Pico with MicroPython, over USB.
# It prints one line of JSON a reading. Change the pins and the scales to your wiring.
import json
import math
import time

from machine import ADC, Pin

BOX = "box"
FIRMWARE = "1.0"

SUPPLY_V = 3.3
ADC_COUNTS = 65536
# A TEMT6000 lets 50 uA through at 100 lx (its datasheet): 0.5 V over the board's 10 kohm.
LUX_PER_VOLT = 200
# How far a sound meter beside the microphone reads above it: hold one there once.
SOUND_OFFSET_DB = 94
# The logarithm of silence would be minus infinity.
RMS_MIN_V = 0.0001

REPORT_MS = 10_000
LISTEN_MS = 100
POLL_MS = 20

microphone = ADC(26)
light = ADC(27)
pir = Pin(15, Pin.IN)


def tell(sensor, kind, value):
    print(json.dumps({"sensor": sensor, "kind": kind, "value": value}))


def volts(converter):
    return converter.read_u16() * SUPPLY_V / ADC_COUNTS


def listen():
    """The level in dB of what changes at the microphone; its bias does not count."""
    samples = []
    started = time.ticks_ms()
    while not samples or time.ticks_diff(time.ticks_ms(), started) < LISTEN_MS:
        samples.append(volts(microphone))
        time.sleep_us(200)
    mean = sum(samples) / len(samples)
    rms = math.sqrt(sum((value - mean) ** 2 for value in samples) / len(samples))
    return 20 * math.log10(max(rms, RMS_MIN_V)) + SOUND_OFFSET_DB


def main():
    print(json.dumps({"hello": BOX, "firmware": FIRMWARE}))
    motion = None
    reported = None
    while True:
        now = time.ticks_ms()
        due = reported is None or time.ticks_diff(now, reported) >= REPORT_MS
        level = bool(pir.value())
        if due or level != motion:
            motion = level
            tell("pir", "motion", level)
        if due:
            reported = now
            tell("noise", "sound", round(listen(), 1))
            tell("light", "light", round(volts(light) * LUX_PER_VOLT, 1))
        time.sleep_ms(POLL_MS)


main()
