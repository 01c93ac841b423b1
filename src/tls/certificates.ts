/**
 * The certificates of a running server, which are read again when their files change.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf } from "../base/message_of.ts";
import { Watched } from "../base/watched.ts";
import type { Log } from "../log/event.ts";
import { concernsAbout, type KeyFiles, type KeyPair, readKeyPair } from "./key_pair.ts";
import { type EncryptedSocket, Terminator, type TlsOptions } from "./terminator.ts";

/** How a server speaks TLS, as its configuration says it. */
export interface TlsSettings extends Omit<TlsOptions, "pairs"> {
  /** The pairs of certificate and key; the first one is for clients that name no server, or an unknown one. */
  readonly certificates: readonly KeyFiles[];
}

/** Milliseconds between two looks at the end of the certificates. */
const DAY = 86_400_000;

/** Encrypts connections with the certificates that are in the files now. */
export class Certificates implements Disposable {
  readonly #files: readonly Watched<string>[];
  readonly #settings: TlsSettings;
  readonly #hostname: string;
  readonly #log: Log;
  readonly #terminator: Terminator;
  readonly #timer: ReturnType<typeof setInterval>;
  #texts: readonly string[];
  #pairs: readonly KeyPair[];

  /** @throws {KeyFault} for files that cannot be used */
  constructor(settings: TlsSettings, hostname: string, log: Log) {
    this.#settings = settings;
    this.#hostname = hostname;
    this.#log = log;
    const paths = settings.certificates.flatMap(({ certificate, key }) => [certificate, key]);
    this.#files = paths.map((path) => new Watched(path, (text) => text));
    this.#texts = this.#files.map(({ value }) => value);
    this.#pairs = settings.certificates.map(readKeyPair);
    this.#terminator = new Terminator({ ...settings, pairs: this.#pairs });
    this.#warn();
    this.#timer = setInterval(() => this.#warn(), DAY);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /** Makes the handshake. Throws an error that says what went wrong. */
  async secure(socket: Duplex): Promise<EncryptedSocket> {
    this.#refresh();
    try {
      return await this.#terminator.secure(socket as Socket);
    } catch (error) {
      throw new Error(`no TLS: ${explained(error)}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Takes over new files once they fit together: one of a pair may be there before the other. */
  #refresh(): void {
    const texts = this.#files.map(({ value }) => value);
    if (texts.every((text, i) => text === this.#texts[i])) return;
    this.#texts = texts;
    try {
      this.#pairs = this.#settings.certificates.map(readKeyPair);
      this.#terminator.use(this.#pairs);
      const files = this.#settings.certificates.map(({ certificate }) => certificate);
      this.#log("certificates read again", { files });
      this.#warn();
    } catch (error) {
      this.#log("doubtful certificate", { hint: `the old one stays in use: ${messageOf(error)}` });
    }
  }

  #warn(): void {
    for (const hint of concernsOf(this.#pairs, this.#hostname)) {
      this.#log("doubtful certificate", { hint });
    }
  }
}

/** What an operator should know of these pairs. */
export const concernsOf = (pairs: readonly KeyPair[], hostname: string): readonly string[] =>
  pairs.flatMap((pair) => concernsAbout(pair, hostname, Date.now()));

/** Whether the runtime can encrypt a connection that is open: older ones go on in clear text. */
export const canEncrypt: boolean = isFrom(Deno.version.deno, [2, 7, 13]);

/** True for a version that is not before this one. */
export function isFrom(version: string, least: readonly number[]): boolean {
  const parts = version.split(".").map((part) => parseInt(part));
  const i = least.findIndex((number, at) => number !== parts[at]);
  return i < 0 || (parts[i] ?? 0) > least[i]!;
}

/** Why a handshake failed, for people. */
function explained(error: unknown): string {
  const { code = "", message } = error as { readonly code?: string; readonly message: string };
  if (/InvalidContentType|WRONG_VERSION_NUMBER/.test(`${code} ${message}`)) {
    return "the client sent something else than TLS";
  }
  if (
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|IncompatibleProtocol|NoTls1/i.test(`${code} ${message}`)
  ) {
    return `the client speaks no version of TLS that the server has (${message})`;
  }
  return message;
}
