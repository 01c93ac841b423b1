/**
 * The certificates of a running server, which are read again when their files change.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Parse, Watched } from "../base/watched.ts";
import type { Log } from "../log/event.ts";
import { type Concern, concernsAbout, type KeyFiles, type KeyPair, keyPairOf } from "./key_pair.ts";
import { type EncryptedSocket, Terminator, type TlsOptions } from "./terminator.ts";

/** How a server speaks TLS, as its configuration says it. */
export interface TlsSettings extends Omit<TlsOptions, "pairs"> {
  /** The pairs of certificate and key; the first one is for clients that name no server, or an unknown one. */
  readonly certificates: readonly KeyFiles[];
  /** A pair that may not be there yet. It is taken over when it comes. */
  readonly awaited?: KeyFiles | undefined;
}

/** Milliseconds between two looks at the end of the certificates. */
const DAY = 86_400_000;

/** Encrypts connections with the certificates that are in the files now. */
export class Certificates implements Disposable {
  readonly #watched: readonly Watched<KeyPair | null>[];
  readonly #options: Omit<TlsOptions, "pairs">;
  readonly #hostname: string;
  readonly #log: Log;
  #terminator: Terminator | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #pairs: readonly KeyPair[];
  #trouble: string | undefined;

  /** @throws {KeyFault} for files that cannot be used */
  constructor(settings: TlsSettings, hostname: string, log: Log) {
    this.#hostname = hostname;
    this.#log = log;
    const { certificates, awaited } = settings;
    this.#options = settings;
    this.#watched = [
      ...certificates.map((files) => watch(files)),
      ...awaited === undefined ? [] : [watch(awaited, null)],
    ];
    this.#pairs = this.#watched.flatMap(({ value }) => value ?? []);
    this.#use();
    this.#warn();
    this.#timer = setInterval(() => this.#warn(), DAY);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /** Whether there is a certificate. */
  get ready(): boolean {
    if (this.#pairs.length === 0) this.#refresh();
    return this.#pairs.length > 0;
  }

  /** Makes the handshake. Throws an error that says what went wrong. */
  async secure(socket: Duplex): Promise<EncryptedSocket> {
    this.#refresh();
    if (this.#terminator === undefined) {
      socket.destroy();
      throw new Error("no TLS: there is no certificate yet");
    }
    try {
      return await this.#terminator.secure(socket as Socket);
    } catch (error) {
      throw new Error(`no TLS: ${explained(error)}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Takes over new pairs. The old one stays in use while only one file of a pair is new. */
  #refresh(): void {
    const looks = this.#watched.map((one) => one.look()).filter(({ value }) => value !== null);
    const pairs = looks.flatMap(({ value }) => value ?? []);
    const trouble = looks.find(({ trouble }) => trouble !== undefined)?.trouble;
    if (trouble !== undefined && trouble !== this.#trouble) {
      this.#log("doubtful certificate", { hint: `the old one stays in use: ${trouble}` });
    }
    this.#trouble = trouble;
    if (pairs.length === this.#pairs.length && pairs.every((pair, i) => pair === this.#pairs[i])) {
      return;
    }
    this.#pairs = pairs;
    this.#use();
    this.#log("certificates read again", { files: pairs.map(({ files }) => files.certificate) });
    this.#warn();
  }

  #use(): void {
    if (this.#terminator !== undefined) return this.#terminator.use(this.#pairs);
    if (this.#pairs.length === 0) return;
    this.#terminator = new Terminator({ ...this.#options, pairs: this.#pairs });
  }

  #warn(): void {
    for (const { message } of concernsOf(this.#pairs, this.#hostname)) {
      this.#log("doubtful certificate", { hint: message });
    }
  }
}

function watch(files: KeyFiles, initial?: null): Watched<KeyPair | null> {
  const parse: Parse<KeyPair | null> = (cert, _file, include) =>
    keyPairOf(files, cert, () => include(files.key));
  return new Watched(files.certificate, parse, initial);
}

/** What an operator should know of these pairs: only the first one is for clients that name no server. */
export const concernsOf = (pairs: readonly KeyPair[], hostname: string): readonly Concern[] =>
  pairs.flatMap((pair, i) => concernsAbout(pair, i === 0 ? hostname : undefined, Date.now()));

/** Whether the runtime can encrypt a connection that is open: older ones go on in clear text. */
export const canEncrypt: boolean = isFrom(Deno.version.deno, [2, 7, 13]);

/** True for a version that is not before this one. */
export function isFrom(version: string, least: readonly number[]): boolean {
  const parts = version.split(".").map((part) => parseInt(part));
  const i = least.findIndex((number, at) => number !== parts[at]);
  return i < 0 || (parts[i] ?? 0) > least[i]!;
}

/** What the runtime says of versions that it does not speak; signature algorithms came with TLS 1.2. */
const TOO_OLD =
  /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|IncompatibleProtocol|NoTls1|SignatureAlgorithmsExtensionRequired/i;

/** Why a handshake failed, for people. */
function explained(error: unknown): string {
  const { code = "", message } = error as { readonly code?: string; readonly message: string };
  if (/InvalidContentType|WRONG_VERSION_NUMBER/.test(`${code} ${message}`)) {
    return "the client sent something else than TLS";
  }
  if (TOO_OLD.test(`${code} ${message}`)) {
    return `the client speaks no version of TLS that the server has (${message})`;
  }
  return message;
}
