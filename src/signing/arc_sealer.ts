/**
 * Seals mail that this server passes on, with what it has found out about who sent it (ARC, RFC 8617).
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { Seldom } from "../base/seldom.ts";
import type { Log } from "../log/event.ts";
import type { Header } from "../message/fields.ts";
import type { Message } from "../message/message.ts";
import { relaxedField } from "../message/relaxed.ts";
import { type Chain, chainIn, MOST_SETS } from "./arc_chain.ts";
import type { SigningKey, SigningKeys } from "./keys.ts";
import { type OwnResults, ownResults } from "./own_results.ts";
import { octetsOf, readForSigning, type Signable, withFields } from "./signable.ts";
import type { Signatures } from "./signatures.ts";
import { signedFields } from "./signed_fields.ts";
import { type Signer, SigningFault } from "./signer.ts";
import { canonical, signedField, unsigned } from "./tags.ts";

/** What sealing needs. */
export interface ArcSealerOptions {
  readonly keys: SigningKeys;
  readonly signatures: Signatures;
  /** The domain that seals. */
  readonly domain: string;
  /** The server's name in the results of its checks, the `authserv-id`. */
  readonly authority: string;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a seal says of the chain before it. */
type ChainValidation = "none" | "pass" | "fail";

/** A set that is to be made. */
interface Plan {
  readonly instance: number;
  readonly validation: ChainValidation;
  readonly chain: Chain;
  readonly results: OwnResults;
}

/** Milliseconds for which the log does not say again that nothing is sealed. */
const SILENCE = 3_600_000;

/** Seals messages whose senders this server has checked; all others stay as they are. */
export class ArcSealer implements Signer {
  readonly #options: ArcSealerOptions;
  readonly #told = new Seldom(SILENCE);

  constructor(options: ArcSealerOptions) {
    this.#options = options;
  }

  async sign(message: Message, isBinary = false): Promise<Message> {
    const { authority, domain, log } = this.#options;
    let plan: Plan | undefined;
    let key: SigningKey | undefined;
    try {
      const signable = await readForSigning(message, isBinary, (header) => {
        plan = planFor(header, authority);
        key = plan && this.#key();
        return key !== undefined;
      });
      if (signable !== undefined) {
        return withFields(await this.#set(signable, plan!, key!), message);
      }
    } catch (error) {
      log("mail not signed", { domain, error: messageOf(error) });
      throw new SigningFault(domain, messageOf(error), { cause: error });
    }
    if (plan !== undefined) this.#tell();
    return message;
  }

  /** Mail that should be sealed leaves without a seal. */
  #tell(): void {
    const { domain, log, now } = this.#options;
    if (!this.#told.isDue(domain, now())) return;
    log("mail not signed", { domain, error: "no key of the domain is in use" });
  }

  /** The three fields of a set, the uppermost first (section 5.1). */
  async #set({ header, bodyHash }: Signable, plan: Plan, key: SigningKey): Promise<string> {
    const { now } = this.#options;
    const { instance, validation, chain, results } = plan;
    const [i, t] = [`${instance}`, `${Math.floor(now() / 1000)}`];
    const { algorithm: a, domain: d, selector: s } = key;
    const signed = signedFields(header, ["DKIM-Signature"]);
    const message = await this.#signed(key, signed.text, "ARC-Message-Signature", [
      ...[["i", i], ["a", a], ["c", "relaxed/relaxed"], ["d", d], ["s", s], ["t", t]] as const,
      ...[["h", signed.names], ["bh", bodyHash]] as const,
    ]);
    const found = { name: "ARC-Authentication-Results", raw: ` i=${i};${results.raw}` };
    const before = validation === "fail" ? "" : chain.text; // section 5.1.2
    const text = [found, message.field].map(({ name, raw }) => `${relaxedField(name, raw)}\r\n`);
    const seal = await this.#signed(key, before + text.join(""), "ARC-Seal", [
      ...[["i", i], ["a", a], ["t", t], ["cv", validation], ["d", d], ["s", s]] as const,
    ]);
    return `${seal.text}${message.text}${found.name}:${found.raw}\r\n`;
  }

  /** There is one seal in a set, and more servers know RSA. */
  #key(): SigningKey | undefined {
    const { keys, domain } = this.#options;
    const all = keys.keysOf(domain);
    return all.find(({ algorithm }) => algorithm === "rsa-sha256") ?? all[0];
  }

  async #signed(key: SigningKey, text: string, name: string, tags: Parameters<typeof unsigned>[1]) {
    const field = unsigned(name, tags);
    const octets = octetsOf(text + canonical(field));
    const signed = signedField(field, await this.#options.signatures.sign(key, octets));
    return { text: signed, field: { name, raw: signed.slice(name.length + 1, -2) } };
  }
}

/** The set for a message; `undefined` if it is not to be sealed. */
function planFor(header: Header, authority: string): Plan | undefined {
  const results = ownResults(header, authority);
  if (results === undefined) return undefined;
  const chain = chainIn(header);
  const validation = validationOf(chain, results);
  const isFull = chain.isOver || chain.last >= MOST_SETS;
  return validation === undefined || isFull
    ? undefined
    : { instance: chain.last + 1, validation, chain, results };
}

/** What this server knows of the chain; `undefined` if it has not checked it, or could not. */
function validationOf({ last, isWhole }: Chain, { arc }: OwnResults): ChainValidation | undefined {
  if (last === 0) return arc === undefined || arc === "none" ? "none" : undefined;
  if (arc === "pass") return isWhole ? "pass" : "fail";
  return arc === "fail" ? "fail" : undefined;
}
