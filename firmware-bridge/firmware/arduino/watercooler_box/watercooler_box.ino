// A box of sensors for Watercooler, on an ESP32 or any Arduino, over USB.
// It prints one line of JSON a reading. Change the pins and the scales to your wiring.
#include <Arduino.h>
#include <math.h>

const char BOX[] = "box";
const char FIRMWARE[] = "1.0";
const unsigned long BAUD = 115200;

#if defined(ESP32)
// ADC1 only: the other converter is the radio's.
const uint8_t MIC_PIN = 34;
const uint8_t LIGHT_PIN = 35;
const uint8_t PIR_PIN = 27;
const float SUPPLY_V = 3.3;
const float ADC_COUNTS = 4096;
#else
const uint8_t MIC_PIN = A0;
const uint8_t LIGHT_PIN = A1;
const uint8_t PIR_PIN = 2;
const float SUPPLY_V = 5.0;
const float ADC_COUNTS = 1024;
#endif

// A TEMT6000 lets 50 uA through at 100 lx (its datasheet): 0.5 V over the board's 10 kohm.
const float LUX_PER_VOLT = 200;
// How far a sound meter beside the microphone reads above it: hold one there once.
const float SOUND_OFFSET_DB = 94;
// 20 log10 of the least that the converter sees would be minus infinity.
const float RMS_MIN_V = 0.0001;

const unsigned long REPORT_MS = 10000;
const unsigned long LISTEN_MS = 100;

unsigned long reportedMs = 0;
int motion = -1;
bool greeted = false;

void beginLine(const char *sensor, const char *kind) {
  Serial.print(F("{\"sensor\":\""));
  Serial.print(sensor);
  Serial.print(F("\",\"kind\":\""));
  Serial.print(kind);
  Serial.print(F("\",\"value\":"));
}

void tell(const char *sensor, const char *kind, float value) {
  // JSON has no word for these.
  if (isnan(value) || isinf(value)) return;
  beginLine(sensor, kind);
  Serial.print(value, 1);
  Serial.println('}');
}

void tellMotion() {
  beginLine("pir", "motion");
  Serial.print(motion == HIGH ? F("true") : F("false"));
  Serial.println('}');
}

float volts(uint8_t pin) {
  return analogRead(pin) * SUPPLY_V / ADC_COUNTS;
}

// The level of what changes at the microphone; its bias does not count.
float listen() {
  float sum = 0;
  float squares = 0;
  unsigned long count = 0;
  const unsigned long startedMs = millis();
  do {
    const float value = volts(MIC_PIN);
    sum += value;
    squares += value * value;
    count++;
  } while (millis() - startedMs < LISTEN_MS);
  const float mean = sum / count;
  const float variance = squares / count - mean * mean;
  const float rms = variance > 0 ? sqrt(variance) : 0;
  return 20 * log10(rms > RMS_MIN_V ? rms : RMS_MIN_V) + SOUND_OFFSET_DB;
}

void greet() {
  Serial.print(F("{\"hello\":\""));
  Serial.print(BOX);
  Serial.print(F("\",\"firmware\":\""));
  Serial.print(FIRMWARE);
  Serial.println(F("\"}"));
}

void setup() {
  Serial.begin(BAUD);
  pinMode(PIR_PIN, INPUT);
}

void loop() {
  // Boards with USB of their own can tell when somebody listens; for others it is always true.
  if (!Serial) {
    greeted = false;
    return;
  }
  const unsigned long nowMs = millis();
  // Differences hold when millis() begins again after 49 days.
  const bool due = !greeted || nowMs - reportedMs >= REPORT_MS;
  if (!greeted) greet();
  greeted = true;
  const int level = digitalRead(PIR_PIN);
  if (due || level != motion) {
    motion = level;
    tellMotion();
  }
  if (!due) return;
  reportedMs = nowMs;
  tell("noise", "sound", listen());
  tell("light", "light", volts(LIGHT_PIN) * LUX_PER_VOLT);
}
