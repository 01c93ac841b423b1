/**
 * An encrypted connection, for tests and simulations.
 * @module
 */
import type { Tls } from "../handler/tls.ts";

/** What a session has whose client speaks TLS 1.3 and shows no certificate. */
export const ENCRYPTED: Tls = Object.freeze({
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  serverName: undefined,
  peer: undefined,
});
