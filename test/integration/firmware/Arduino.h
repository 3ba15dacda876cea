// What the sketch uses of an Arduino, on this machine: time goes by as it is asked for, the
// microphone hears a square wave of 0.1 V, the PIR rises after 3 s, and after 25 s all ends.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
using std::isinf;
using std::isnan;

#define F(text) text
#define INPUT 0
#define HIGH 1
#define LOW 0
#define A0 14
#define A1 15

static unsigned long elapsedMs = 0;
// Every board's clock begins again some day: this one does so after 5 s.
static unsigned long long startMs = 0xFFFFFFFFull - 5000;

inline unsigned long millis() {
  elapsedMs++;
  return static_cast<uint32_t>(startMs + elapsedMs);
}

inline void pinMode(uint8_t, uint8_t) {}

inline int digitalRead(uint8_t) {
  if (elapsedMs > 25000) exit(0);
  return elapsedMs > 3000 ? HIGH : LOW;
}

inline int analogRead(uint8_t pin) {
  static bool high = false;
  high = !high;
  const double volts = pin == A0 || pin == 34 ? 1.5 + (high ? 0.1 : -0.1) : 0.25;
#if defined(ESP32)
  return static_cast<int>(std::lround(volts / 3.3 * 4096));
#else
  return static_cast<int>(std::lround(volts / 5.0 * 1024));
#endif
}

struct FakeSerial {
  void begin(unsigned long) {}
  explicit operator bool() const { return true; }
  void print(const char *text) { fputs(text, stdout); }
  void print(double value, int digits) { printf("%.*f", digits, value); }
  void println(const char *text) { puts(text); }
  void println(char letter) { printf("%c\n", letter); }
};
static FakeSerial Serial;

void setup();
void loop();

int main() {
  setup();
  for (;;) loop();
}
