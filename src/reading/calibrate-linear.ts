/** Pairs of what a sensor says and what is true; at least two, with different left sides. */
export interface CalibrateLinear {
  readonly datapoints: readonly (readonly [from: number, to: number])[];
  /** One straight line nearest to all (the default), or straight from each point to the next. */
  readonly method?: "least_squares" | "exact";
}

/** ESPHome's `calibrate_linear`. Beyond the outermost points the nearest line goes on. */
export function calibrateLinear(spec: CalibrateLinear): (value: number) => number {
  const points = [...spec.datapoints].sort((left, right) => left[0] - right[0]);
  if (spec.method !== "exact") return leastSquares(points);
  return (value) => {
    const last = points.length - 1;
    let right = points.findIndex(([from]) => value < from);
    if (right < 0) right = last;
    const [x1, y1] = points[Math.max(0, right - 1)] ?? [0, 0];
    const [x2, y2] = points[Math.max(1, right)] ?? [1, 1];
    return y1 + ((value - x1) * (y2 - y1)) / (x2 - x1);
  };
}

function leastSquares(points: readonly (readonly [number, number])[]): (value: number) => number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = variance === 0 ? 1 : covariance / variance;
  return (value) => meanY + slope * (value - meanX);
}
