/** Where the API answers over TLS, and with which certificate. */
export interface SecureDoor {
  /** `host:port`; port 0 lets the system choose. */
  readonly listen: string;
  /** Both in PEM. */
  credentials: { readonly key: string; readonly cert: string };
  /** Called when the credentials were replaced; set by the server. */
  renewed: () => void;
}
