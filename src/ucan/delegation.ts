import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isCommand } from "./command.ts";
import {
  hasOtherThan,
  isSeconds,
  principal,
  type Signer,
  seal,
  type Token,
  type UcanCrypto,
  unseal,
  type Version,
} from "./envelope.ts";
import { type IpldMap, isMap, type Sha256 } from "./ipld.ts";
import { type Policy, parsePolicy } from "./policy.ts";

/** Power that a principal passes on (UCAN Delegation 1.0.0-rc.1). Times are Unix seconds. */
export interface Delegation extends Token {
  readonly iss: NodeId;
  readonly aud: NodeId;
  /** Whose power it is, from the first link on; null passes on any that comes to the issuer. */
  readonly sub: NodeId | null;
  readonly cmd: string;
  readonly pol: Policy;
  readonly nonce: Uint8Array;
  readonly exp: number | null;
  readonly nbf?: number;
  readonly meta?: IpldMap;
}

export interface DelegationRequest {
  readonly issuer: Signer;
  readonly audience: NodeId;
  readonly subject: NodeId | null;
  readonly command: string;
  readonly policy?: Policy;
  /** Unix seconds; null: never ends. */
  readonly expiration: number | null;
  readonly notBefore?: number;
  readonly nonce: Uint8Array;
  readonly meta?: IpldMap;
  readonly version?: Version;
}

const FIELDS = ["iss", "aud", "sub", "cmd", "pol", "nonce", "exp", "nbf", "meta"] as const;
export const NONCE_BYTES_MAX = 64;

/** Makes and signs a delegation. */
export function delegate(
  request: DelegationRequest,
  crypto: { readonly sha256: Sha256 },
): Delegation {
  const { issuer, audience: aud, subject: sub, command: cmd, nonce, meta } = request;
  const { policy: pol = [], expiration: exp, notBefore: nbf, version } = request;
  const fields = {
    iss: issuer.id,
    aud,
    sub,
    cmd,
    pol,
    nonce,
    exp,
    ...(nbf !== undefined && { nbf }),
    ...(meta !== undefined && { meta }),
  };
  return { ...fields, ...seal("dlg", fields, issuer, crypto, version) };
}

/** Reads a delegation, its signature checked; the error says what is wrong with it. */
export function decodeDelegation(bytes: Uint8Array, crypto: UcanCrypto): Result<Delegation> {
  const opened = unseal("dlg", bytes, crypto);
  if (!opened.ok) return opened;
  const { payload, token, iss } = opened.value;
  const { sub: subject = "", cmd, nonce, exp = "", nbf, meta } = payload;
  if (hasOtherThan(payload, FIELDS)) return err("a field that a delegation does not have");
  const aud = principal(payload.aud);
  const sub = subject === null ? null : principal(subject);
  if (aud === undefined || sub === undefined) return err("a principal is no Ed25519 did:key");
  if (typeof cmd !== "string" || !isCommand(cmd)) return err("its command is none");
  const pol = parsePolicy(payload.pol);
  if (pol === undefined) return err("its policy has an operator or a selector that is not known");
  if (!(nonce instanceof Uint8Array) || nonce.length > NONCE_BYTES_MAX) return err("no nonce");
  if (exp !== null && !isSeconds(exp)) return err("its expiration is no time");
  if (nbf !== undefined && !isSeconds(nbf)) return err("its start is no time");
  if (meta !== undefined && !isMap(meta)) return err("its meta is no map");
  return ok({
    ...token,
    ...{ iss, aud, sub, cmd, pol, nonce, exp },
    ...(nbf !== undefined && { nbf }),
    ...(meta !== undefined && { meta }),
  });
}
