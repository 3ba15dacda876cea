import { renderUnicodeCompact } from "uqr";

/** A text as a QR code for a terminal, dark on light whatever the terminal's own colours. */
export function qr(text: string): string {
  return renderUnicodeCompact(text, { border: 2, ecc: "L" });
}
