/**
 * The sending half of the server in this process: all of it is real, but for the names of hosts.
 *
 * @module
 */
import { Network } from "../../src/base/ip.ts";
import { dialler } from "../../src/client/dial.ts";
import type { Login } from "../../src/client/login.ts";
import { Pool } from "../../src/client/pool.ts";
import { TIMEOUTS, type Timeouts } from "../../src/client/timeouts.ts";
import type { Scheme } from "../../src/client/hop.ts";
import type { Outcome } from "../../src/handler/outcome.ts";
import { Connector } from "../../src/relay/connect.ts";
import { routingOf } from "../../src/relay/routing_of.ts";
import { Sender } from "../../src/relay/sender.ts";
import type { Security, TlsMode } from "../../src/security/security.ts";
import { securityOf } from "../../src/security/security_of.ts";
import type { StsPolicy } from "../../src/security/sts/policy.ts";
import { FakeDns, type FakeZone } from "../../src/testing/fake_dns.ts";
import { secure } from "../../src/tls/client.ts";
import type { TlsRequirement } from "../../src/tls/requirement.ts";
import { type MailFacts, mailOf } from "../client/mail_of.ts";
import { limitsOf } from "./relay_kit.ts";

/** What is sent by, and how. */
export interface Setting {
  /** Where all exchangers listen. */
  readonly port: number;
  /** If not to exchangers, by which protocol it goes to the server at that port. */
  readonly scheme?: Scheme;
  readonly zone?: FakeZone;
  readonly tls?: TlsMode | TlsRequirement;
  /** What all domains publish by MTA-STS. */
  readonly sts?: StsPolicy;
  /** In PEM. */
  readonly ca?: string;
  readonly timeouts?: Partial<Timeouts>;
  /** Who it is, at a server that is no exchanger. */
  readonly login?: Login;
}

const short = (milliseconds: number): Timeouts => {
  const all = Object.keys(TIMEOUTS).map((key) => [key, milliseconds]);
  return Object.fromEntries(all) as unknown as Timeouts;
};

/** The exchanger of `example.org`, which the client finds at 127.0.0.1. */
export const EXCHANGER = "mx.example.org";
const ZONE: FakeZone = {
  "example.org": { MX: [{ exchange: EXCHANGER, priority: 10 }] },
  [EXCHANGER]: { A: ["127.0.0.1"] },
};

/** Sends mail, by default to three recipients of `example.org`, as the server would. */
export class Sending implements AsyncDisposable {
  readonly #sender: Sender;
  readonly #pool = new Pool();

  constructor({ port, zone = ZONE, tls = "auto", ca, timeouts, sts, scheme, login }: Setting) {
    const dns = new FakeDns(zone);
    const allow = [Network.parse("127.0.0.0/8")];
    const connector = new Connector({
      dial: dialler({ dns, allow, isOwn: () => false, timeout: 1000 }),
      ...{ secure, pool: this.#pool, name: "client.example.net", ca },
      timeouts: { ...short(1000), ...timeouts },
    });
    const via = [{
      hop: { scheme: scheme ?? "smtp", host: EXCHANGER, port, isNamed: true, login },
      priority: 0,
    }];
    this.#sender = new Sender({
      routing: routingOf({ literals: true, ...scheme === undefined ? { mx: { port } } : { via } }, {
        dns,
        names: [],
        random: () => 0,
      }),
      ...{ security: typeof tls === "string" ? byMode(tls, sts) : always(tls), connector },
      limits: limitsOf(),
    });
  }

  /** What became of it, for each recipient. */
  send(facts: MailFacts = {}): Promise<readonly Outcome[]> {
    const to = ["one", "two", "three"].map((name) => `${name}@example.org`);
    const { message, ...mail } = mailOf({ to, ...facts });
    const pieces = { ...message, read: () => cut(message.read()) };
    return this.#sender.send({ ...mail, message: pieces }, {}, new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}

const byMode = (mode: TlsMode, policy: StsPolicy | undefined): Security =>
  securityOf({ tls: { get: () => mode } }, {
    dns: undefined,
    sts: { policyFor: () => Promise.resolve(policy) },
  });

const always = (requirement: TlsRequirement): Security => {
  const policy = { type: "no-policy-found", strings: [], domain: "", mxHosts: [] } as const;
  const of = () => Promise.resolve({ requirement, policy });
  return { of: () => Promise.resolve({ policy, of }) };
};

/** `delivered`, or `deferred 4.2.0`. */
export const brief = (outcome: Outcome): string =>
  "status" in outcome ? `${outcome.result} ${outcome.status}` : outcome.result;

/** A message as it comes from a file. */
async function* cut(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of octets) {
    for (let i = 0; i < chunk.length; i += 65_536) yield chunk.slice(i, i + 65_536);
  }
}
