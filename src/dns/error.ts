/**
 * Why a lookup gave no answer.
 * @module
 */

/**
 * Codes of `node:dns`. The first two mean that the name does not exist, or has no record of the type; the others say
 * why the answer is unknown.
 */
export type DnsCode =
  | "ENOTFOUND"
  | "ENODATA"
  | "ESERVFAIL"
  | "EREFUSED"
  | "ETIMEOUT"
  | "ECONNREFUSED"
  | "EBADRESP"
  | "EBADNAME"
  | "ECANCELLED";

/** A lookup without an answer. */
export class DnsError extends Error {
  /** `DnsError`. */
  override readonly name = "DnsError";
  /** Why there is no answer. */
  readonly code: DnsCode;
  /** The name that was looked up. */
  readonly hostname: string;
  /** `queryMx` and the like. */
  readonly syscall: string;

  /**
   * Makes the error of one lookup.
   *
   * @param type of the records: `MX`
   */
  constructor(code: DnsCode, hostname: string, type: string) {
    const syscall = `query${type[0]}${type.slice(1).toLowerCase()}`;
    super(`${syscall} ${code} ${hostname}`);
    this.code = code;
    this.hostname = hostname;
    this.syscall = syscall;
  }

  /** True if there is nothing by the DNS; after another error, the next lookup may succeed. */
  get permanent(): boolean {
    return this.code === "ENOTFOUND" || this.code === "ENODATA" || this.code === "EBADNAME";
  }
}

/** What a lookup gives; `undefined` for what does not exist. */
export async function orNothing<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup;
  } catch (error) {
    if (error instanceof DnsError && error.permanent) return undefined;
    throw error;
  }
}
