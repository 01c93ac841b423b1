/**
 * The limits that a server tells of (RFC 9422).
 * @module
 */
import { upper } from "../smtp/ascii.ts";

/** What a server takes; `Infinity` for what it does not tell of. */
export interface PeerLimits {
  /** Messages of one connection: `MAILMAX`. */
  readonly messages: number;
  /** Recipients of one message: `RCPTMAX`. */
  readonly recipients: number;
  /** Domains of the recipients of one message: `RCPTDOMAINMAX`. */
  readonly domains: number;
}

/** The limits in the parameters of LIMITS: `MAILMAX=20 RCPTMAX=100`. What makes no sense is no limit. */
export function limitsOf(extensions: ReadonlyMap<string, string>): PeerLimits {
  const limits = new Map<string, number>();
  for (const limit of (extensions.get("LIMITS") ?? "").split(" ")) {
    const [, name, value] = /^(\w+)=([1-9]\d{0,5})$/.exec(limit) ?? [];
    if (name !== undefined) limits.set(upper(name), Number(value));
  }
  return {
    messages: limits.get("MAILMAX") ?? Infinity,
    recipients: limits.get("RCPTMAX") ?? Infinity,
    domains: limits.get("RCPTDOMAINMAX") ?? Infinity,
  };
}
