import { base64url, fromBase64url } from "../base/base64.ts";
import { compareBytes, equalBytes } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeDagCbor } from "./dag-cbor-decode.ts";
import { encodeDagCbor } from "./dag-cbor-encode.ts";
import { TOKEN_BYTES_MAX, type Token } from "./envelope.ts";
import { isList, isMap } from "./ipld.ts";

/**
 * Tokens in one piece (UCAN Container 0.1.0): a header, then CBOR. Of its encodings these two:
 * base64 for URLs, as text, and plain bytes; compressed ones are refused, since a small one may
 * unpack to a large one.
 */
const KEY = "ctn-v1";
const BASE64URL = "C";
const PLAIN = 0x40;
/** An invocation and the longest chain. */
const TOKENS_MAX = 16;

/** Tokens as text, for a header or a file. */
export function containerText(tokens: readonly Pick<Token, "bytes">[]): string {
  return BASE64URL + base64url(cborOf(tokens));
}

/** Tokens as bytes, for an entry of the replica. */
export function containerBytes(tokens: readonly Pick<Token, "bytes">[]): Uint8Array {
  const cbor = cborOf(tokens);
  const bytes = new Uint8Array(cbor.length + 1);
  bytes[0] = PLAIN;
  bytes.set(cbor, 1);
  return bytes;
}

/** The bytes of each token in a text, not looked at any further. */
export function fromContainerText(text: string): Result<readonly Uint8Array[]> {
  if (!text.startsWith(BASE64URL)) return err("no container of tokens in base64 for URLs");
  if (text.length > 2 * TOKEN_BYTES_MAX) return err("a container that is too long");
  const bytes = fromBase64url(text.slice(1));
  return bytes === undefined ? err("no base64 for URLs") : tokensOf(bytes);
}

/** The bytes of each token in a container of bytes. */
export function fromContainerBytes(bytes: Uint8Array): Result<readonly Uint8Array[]> {
  if (bytes[0] !== PLAIN) return err("no container of tokens in plain bytes");
  if (bytes.length > 2 * TOKEN_BYTES_MAX) return err("a container that is too long");
  return tokensOf(bytes.subarray(1));
}

function cborOf(tokens: readonly Pick<Token, "bytes">[]): Uint8Array {
  const sorted = tokens.map(({ bytes }) => bytes).sort(compareBytes);
  const different = sorted.filter((bytes, at) => {
    const before = sorted[at - 1];
    return before === undefined || !equalBytes(before, bytes);
  });
  return encodeDagCbor({ [KEY]: different });
}

function tokensOf(cbor: Uint8Array): Result<readonly Uint8Array[]> {
  const decoded = decodeDagCbor(cbor);
  if (!decoded.ok) return decoded;
  const map = decoded.value;
  const tokens = isMap(map) && Object.keys(map).length === 1 ? map[KEY] : undefined;
  if (tokens === undefined || !isList(tokens) || tokens.length > TOKENS_MAX) {
    return err(`no container of up to ${TOKENS_MAX} tokens`);
  }
  const found = tokens.flatMap((token) => (token instanceof Uint8Array ? [token] : []));
  return found.length === tokens.length ? ok(found) : err("a container of what is no token");
}
