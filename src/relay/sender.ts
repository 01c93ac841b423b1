/**
 * Sends a message to a destination: finds its servers, knows what is demanded of each, and tries them in their order.
 * @module
 */
import { DialFailure } from "../client/dial.ts";
import { ClientFault } from "../client/fault.ts";
import type { Mail } from "../client/mail.ts";
import { faulty } from "../client/outcomes.ts";
import type { Sent } from "../client/session.ts";
import { canonicalName } from "../dns/name.ts";
import type { Outcome } from "../handler/outcome.ts";
import { tlsOptional } from "../message/tls_required.ts";
import type { Signer } from "../signing/signer.ts";
import type { Signing, Source } from "../signing/signing.ts";
import type { Demand, Security, TlsResults } from "../security/security.ts";
import type { Group } from "../targets/target.ts";
import { TlsFailure } from "../tls/requirement.ts";
import type { Allowed, Connector } from "./connect.ts";
import type { Place, RelayLimits } from "./relay_limits.ts";
import type { Choice, NextHop, Routing, Servers } from "./routing.ts";
import { rulesFor } from "./rules.ts";

/** What sending needs. */
export interface SenderOptions {
  readonly routing: Routing;
  readonly security: Security;
  readonly connector: Connector;
  readonly limits: RelayLimits;
  readonly results?: TlsResults | undefined;
  /** Signs what leaves; without it, nothing is signed. */
  readonly signing?: Signing | undefined;
}

/** The most sessions of one attempt: when so many servers have said something of the mail, or refused to, it waits. */
export const SESSIONS = 2;

/** Sends mail. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What shares limits and trouble. */
  destinationOf(domain: string, choice: Choice): string {
    return this.#options.routing.destinationOf(domain, choice);
  }

  /** What limits a destination together with others. */
  groupsOf(destination: string): readonly Group[] {
    return this.#options.limits.groupsOf(destination);
  }

  /** Who signs a message; `undefined` if nobody does. */
  signerFor(source: Source): Signer | undefined {
    return this.#options.signing?.signerFor(source);
  }

  /** Sends a message whose recipients have the same destination. What became of it, for each of them. Never rejects. */
  async send(mail: Mail, choice: Choice, signal: AbortSignal): Promise<readonly Outcome[]> {
    const domain = canonicalName(mail.recipients[0]!.mailbox.domain);
    const attempt = new Attempt(mail, signal, this.#options);
    try {
      const way = await this.#options.routing.wayTo(domain, mail.sender, choice);
      if ("outcome" in way) return mail.recipients.map(() => way.outcome);
      await attempt.along(way, this.destinationOf(domain, choice));
    } catch (error) {
      attempt.blame(error, domain);
    }
    return attempt.outcomes(domain);
  }
}

/** After how many milliseconds mail begins again; `Infinity` if that is not soon. */
const waitOf = (outcome: Outcome): number =>
  outcome.result === "delivered" ? Infinity : outcome.later ?? Infinity;

/** What the sender of a message demands of connections (RFC 8689). */
async function demandOf({ parameters, message }: Mail): Promise<Demand> {
  const requireTls = parameters.has("REQUIRETLS");
  return { requireTls, tlsOptional: !requireTls && await tlsOptional(message) };
}

/** One attempt to send one message. */
class Attempt {
  readonly #mail: Mail;
  readonly #signal: AbortSignal;
  readonly #options: SenderOptions;
  readonly #outcomes: Outcome[] = [];
  /** Recipients that the next server may be tried for, by their places in the mail. */
  #open: readonly number[];
  #sessions = 0;
  /** Why mail that no server was asked about has not gone: of several reasons, the one that is over first. */
  #refusal: Outcome | undefined;
  /** The limits of this server allow no more: that is no reason to try another server. */
  #isEnough = false;
  /** Servers that do not exist. */
  #missing = 0;

  constructor(mail: Mail, signal: AbortSignal, options: SenderOptions) {
    this.#mail = mail;
    this.#signal = signal;
    this.#options = options;
    this.#open = [...mail.recipients.keys()];
  }

  /** What became of the mail of each recipient. */
  outcomes(domain: string): readonly Outcome[] {
    return this.#mail.recipients.map((_, i) => (
      this.#outcomes[i] ?? this.#refusal ?? faulty(undefined, domain)
    ));
  }

  /** Recipients without a better outcome wait, because of this. */
  blame(error: unknown, host: string): void {
    const outcome = faulty(error, host);
    const isMissing = error instanceof DialFailure && error.permanent;
    if (isMissing) this.#missing++;
    for (const i of this.#open) {
      // Servers that answer say more than those that do not, and those more than servers that do not exist.
      const said = this.#outcomes[i];
      const isKnown = said?.result === "failed" || said?.remote !== undefined;
      if (!isKnown && !(isMissing && said !== undefined)) this.#outcomes[i] = outcome;
    }
  }

  /** Tries the servers of a way. */
  async along(servers: Servers, destination: string): Promise<void> {
    const rulesOf = rulesFor(servers, this.#options.security, await demandOf(this.#mail));
    for (const hop of servers.hops) {
      const isOver = this.#open.length === 0 || this.#sessions >= SESSIONS || this.#isEnough;
      if (isOver || this.#signal.aborted) return;
      const allowed = await rulesOf(hop);
      if ("refused" in allowed) {
        const failure = new TlsFailure(allowed.kind, allowed.refused);
        this.blame(failure, hop.host);
        this.#options.results?.count({
          ...{ policy: allowed.policy, host: hop.host, address: undefined },
          ...{ localAddress: undefined, failure: allowed.kind, reason: allowed.refused },
        });
      } else {
        await this.#by(hop, allowed, destination);
      }
    }
    const { hops, areNamed, arePartial } = servers;
    if (this.#missing === hops.length && !areNamed && !arePartial) this.#fail();
  }

  /** No exchanger of the domain exists. */
  #fail(): void {
    for (const i of this.#open) {
      const { reason } = this.#outcomes[i]!;
      this.#outcomes[i] = { result: "failed", status: "5.4.4", reason, kind: "dns" };
    }
  }

  /** Tries a server, if the limits allow it. */
  async #by(hop: NextHop, allowed: Allowed, destination: string): Promise<void> {
    const { host, port, source } = hop;
    const place = await this.#options.limits.enter({ host, port, source, destination });
    if ("outcome" in place) {
      this.#isEnough = !place.trouble;
      const { outcome } = place;
      this.#refusal = waitOf(outcome) < waitOf(this.#refusal ?? outcome)
        ? outcome
        : this.#refusal ?? outcome;
    } else {
      place.leave(await this.#send(hop, allowed, place));
    }
  }

  /** Sends it. What became of it; nothing if that says nothing about the server. */
  async #send(hop: NextHop, allowed: Allowed, { group }: Place): Promise<readonly Outcome[]> {
    const elsewhere: number[] = [];
    const all: Outcome[] = [];
    let here = this.#open;
    let isFresh = false;
    try {
      for (let goesOn = true; goesOn;) {
        const { sent, wasUsed } = await this.#talk(here, isFresh, hop, allowed, group);
        const untouched: number[] = [];
        for (const [at, { outcome, isOver, isUntouched }] of sent.entries()) {
          const i = here[at]!;
          this.#outcomes[i] = outcome;
          if (isUntouched) untouched.push(i);
          else {
            all.push(outcome);
            if (!isOver) elsewhere.push(i);
          }
        }
        // A server may close a connection after any message: what it has not begun with goes by another one.
        const isProgress = untouched.length < here.length || wasUsed;
        goesOn = untouched.length > 0 && isProgress && !this.#signal.aborted;
        here = untouched;
        isFresh = wasUsed;
      }
      this.#sessions++;
      this.#open = [...here, ...elsewhere];
      return [...all, ...here.map((i) => this.#outcomes[i]!)];
    } catch (error) {
      if (error instanceof ClientFault) this.#sessions++;
      this.#open = here;
      this.blame(error, hop.host);
      this.#open = [...here, ...elsewhere];
      const saysNothing = error instanceof TlsFailure ||
        error instanceof DialFailure && error.permanent;
      return saysNothing ? all : [...all, faulty(error, hop.host)];
    }
  }

  /** Sends it to some recipients on one connection: a new one, or one that waits. */
  async #talk(
    places: readonly number[],
    isFresh: boolean,
    hop: NextHop,
    allowed: Allowed,
    group: Place["group"],
  ): Promise<{ readonly sent: readonly Sent[]; readonly wasUsed: boolean }> {
    const { connector } = this.#options;
    const { recipients } = this.#mail;
    const mail = { ...this.#mail, recipients: places.map((i) => recipients[i]!) };
    const session = isFresh
      ? await connector.open(hop, allowed, this.#signal)
      : await connector.take(hop, allowed, group, this.#signal);
    const wasUsed = session.sent > 0;
    const sent = await session.send(mail, this.#signal);
    connector.give(hop, allowed, group, session);
    return { sent, wasUsed };
  }
}
