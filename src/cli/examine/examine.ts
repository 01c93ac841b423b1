/**
 * All that can be known of who sent a message.
 * @module
 */
import { checkDmarc } from "../../authenticity/dmarc.ts";
import { Lookups } from "../../authenticity/lookups.ts";
import { resultsOf } from "../../authenticity/results.ts";
import { mayBeBy } from "../../authenticity/results_writer.ts";
import { SignatureCheck, type SignaturesFound } from "../../authenticity/signatures.ts";
import { checkSpf } from "../../authenticity/spf.ts";
import type { SenderAuthentication, SpfVerdict } from "../../authenticity/verdict.ts";
import type { Resolver } from "../../dns/resolver.ts";
import type { Header } from "../../message/fields.ts";
import { networkLines } from "../../message/network.ts";
import { readHeader } from "../../message/read_header.ts";
import { AskingResolver, type Lookup, millisecondsSince } from "../asking_resolver.ts";
import { type EnvelopeFlags, envelopeIn, type ExaminedEnvelope } from "./envelope.ts";
import { withoutMark } from "../mbox_mark.ts";

/** What is found: plain data, which is also its JSON. The names of the fields are documented, and stay. */
export interface Examined {
  /** Octets of the message, with CRLF at the end of each line. */
  readonly octets: number;
  readonly envelope: ExaminedEnvelope;
  readonly verdicts: SenderAuthentication;
  /** DKIM signatures that were not looked at, because there are too many. */
  readonly unexamined: number;
  /** The value of `Authentication-Results`, as this server would write it. */
  readonly results: string;
  /** The fields of that name which the message has in the name of this server: what it said when the message came. */
  readonly earlier: readonly string[];
  readonly lookups: readonly Lookup[];
  /** How long all of it took. */
  readonly milliseconds: number;
}

/** By what a message is examined. */
export interface ExamineMeans {
  readonly dns: Resolver;
  /** The server's own name. */
  readonly hostname: string;
  /** Its name in `Authentication-Results`. */
  readonly authservId: string;
}

/** Examines a message, with line ends of any kind. */
export async function examine(
  file: AsyncIterable<Uint8Array>,
  flags: EnvelopeFlags,
  { dns: resolver, hostname, authservId }: ExamineMeans,
): Promise<Examined> {
  const began = performance.now();
  const dns = new AskingResolver(resolver);
  const { header, body } = await readHeader(networkLines(withoutMark(file)));
  const envelope = envelopeIn(header, flags);
  const [{ octets, found }, ofSpf] = await Promise.all([
    examineSignatures(body, dns),
    examineClient(envelope, hostname, dns),
  ]);
  const { dkim, arc, authors, unexamined } = found;
  const dmarc = await checkDmarc({ authors, spf: ofSpf.spf, dkim }, new Lookups(dns));
  const verdicts = { ...ofSpf, dkim, arc, dmarc };
  return {
    ...{ octets, envelope, verdicts, unexamined },
    results: unfolded(resultsOf(verdicts, authservId) ?? ""),
    earlier: earlierResults(header, authservId),
    lookups: dns.all,
    milliseconds: millisecondsSince(began),
  };
}

async function examineSignatures(
  body: AsyncIterable<Uint8Array>,
  dns: Resolver,
): Promise<{ readonly octets: number; readonly found: SignaturesFound }> {
  const check = new SignatureCheck({ resolver: dns, now: new Date() });
  let octets = 0;
  for await (const { length } of check.through(body)) octets += length;
  return { octets, found: await check.found() };
}

/** SPF of the sender, and of the name in HELO, as far as they are known. */
async function examineClient(
  { from: { value: sender }, ip: { value: ip }, helo: { value: name } }: ExaminedEnvelope,
  hostname: string,
  dns: Resolver,
): Promise<Pick<SenderAuthentication, "spf" | "helo">> {
  if (ip === null || sender === null && name === null) return {};
  const lookups = new Lookups(dns);
  const helo = name ?? "";
  const check = (identity: SpfVerdict["identity"]) =>
    checkSpf({ address: ip, helo, sender, identity, hostname }, lookups);
  if (sender === null) return { spf: await check("helo") };
  if (name === null) return { spf: await check("mailfrom") };
  const [spf, ofHelo] = await Promise.all([check("mailfrom"), check("helo")]);
  return { spf, helo: ofHelo };
}

const earlierResults = (header: Header, id: string): readonly string[] =>
  header.all("Authentication-Results")
    .filter(({ raw }) => mayBeBy(id, raw, true))
    .map(({ raw }) => unfolded(raw));

const unfolded = (value: string): string => value.replace(/\s*\r?\n\s+/g, " ").trim();
