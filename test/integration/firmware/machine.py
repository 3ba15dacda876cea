# What the box uses of MicroPython's machine: the microphone hears a square wave of 0.1 V, the
# PIR rises after 3 s. Time goes by in `clock`.
import clock


class ADC:
    def __init__(self, pin):
        self.pin = pin
        self.high = False

    def read_u16(self):
        self.high = not self.high
        volts = 1.5 + (0.1 if self.high else -0.1) if self.pin == 26 else 0.25
        return round(volts / 3.3 * 65536)


class Pin:
    IN = 0

    def __init__(self, number, mode):
        pass

    def value(self):
        return 1 if clock.elapsed_us > 3_000_000 else 0
