/** As much as a node takes. */
const BYTES_MAX = 48_000;
/** Widths tried, the best first. */
const WIDTHS_PX = [1_600, 1_200, 800, 500] as const;
const QUALITY = 0.8;

export interface Picture {
  readonly type: "image/svg+xml" | "image/webp";
  /** Base64. */
  readonly data: string;
}

/** A floor plan as the mesh can keep it: an SVG as it is, any other picture made small enough. */
export async function pictureOf(file: File): Promise<Picture | undefined> {
  if (file.type === "image/svg+xml") {
    if (file.size > BYTES_MAX) return undefined;
    return { type: file.type, data: base64(await file.arrayBuffer()) };
  }
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  for (const width of WIDTHS_PX) {
    const blob = await shrunk(bitmap, Math.min(width, bitmap.width));
    if (blob?.type !== "image/webp" || blob.size > BYTES_MAX) continue;
    return { type: "image/webp", data: base64(await blob.arrayBuffer()) };
  }
  return undefined;
}

function shrunk(bitmap: ImageBitmap, width: number): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.round((bitmap.height * width) / bitmap.width);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/webp", QUALITY));
}

function base64(buffer: ArrayBuffer): string {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
