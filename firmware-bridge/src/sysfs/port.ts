/**
 * The kernel's files of sensors, each read bounded in time: some drivers sleep for seconds in a
 * read, and a dead one for ever. Rejects with the kernel's code as `code` where it gave one.
 */
export interface SensorFiles {
  /** Names in a folder, sorted; none where it is not there. */
  list(folder: string): Promise<readonly string[]>;
  /** A file's text, without the spaces around it. */
  read(path: string): Promise<string>;
}
