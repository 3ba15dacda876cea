/** The slope of the line through points (x, y) with the least squares; 0 for fewer than two. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const middleX = mean(([x]) => x);
  const middleY = mean(([, y]) => y);
  const spread = mean(([x]) => (x - middleX) ** 2);
  return spread > 0 ? mean(([x, y]) => (x - middleX) * (y - middleY)) / spread : 0;
}
