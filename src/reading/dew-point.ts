/** Magnus's coefficients over water, -45 to 60 degC (Sonntag 1990). */
const A = 17.62;
const B_DEGC = 243.12;

/** The temperature in degC at which this air would be saturated; humidity in percent, above 0. */
export function dewPoint(temperature: number, humidity: number): number {
  const gamma = Math.log(humidity / 100) + (A * temperature) / (B_DEGC + temperature);
  return (B_DEGC * gamma) / (A - gamma);
}

/**
 * The relative humidity in percent that the same air has at another temperature.
 *
 * A Pi warms its sensor, which then tells a humidity too low; what the air holds is unchanged,
 * so the dew point is: it gives the humidity at the true temperature. At most 100.
 */
export function humidityAt(humidity: number, measuredAt: number, trueAt: number): number {
  const exponent = (A * measuredAt) / (B_DEGC + measuredAt) - (A * trueAt) / (B_DEGC + trueAt);
  return Math.min(100, Math.max(0, humidity * Math.exp(exponent)));
}
