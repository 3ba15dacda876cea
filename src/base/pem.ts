/** What a line of PEM holds (RFC 7468, section 2). */
const LINE = /.{1,64}/g;

/** A certificate in DER as PEM. */
export function pemOf(certificate: Uint8Array): string {
  let binary = "";
  for (const byte of certificate) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(LINE) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
