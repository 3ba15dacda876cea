/** A room's or node's name as people write it: `meeting-room` is Meeting room. */
export function titleOf(name: string): string {
  const words = name.replaceAll(/[-_]+/g, " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
