/**
 * Sends a message to a destination: finds its servers, knows what is demanded of each, and tries them in their order.
 * @module
 */
import { DialFailure } from "../client/dial.ts";
import type { Mail } from "../client/mail.ts";
import { faulty } from "../client/outcomes.ts";
import type { Sent } from "../client/session.ts";
import { canonicalName } from "../dns/name.ts";
import type { Outcome } from "../handler/outcome.ts";
import type { Security, TlsResults } from "../security/security.ts";
import { TlsFailure } from "../tls/requirement.ts";
import type { Allowed, Connector } from "./connect.ts";
import type { NextHop, Routing, Way } from "./routing.ts";

/** What sending needs. */
export interface SenderOptions {
  readonly routing: Routing;
  readonly security: Security;
  readonly connector: Connector;
  readonly results?: TlsResults | undefined;
}

/** The most sessions of one attempt: when so many servers have been talked to, the mail waits. */
const SESSIONS = 2;

/** Sends mail. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What shares limits and trouble. */
  destinationOf(domain: string): string {
    return this.#options.routing.destinationOf(domain, {});
  }

  /** Sends a message whose recipients have the same destination. What became of it, for each of them. Never rejects. */
  async send(mail: Mail, signal: AbortSignal): Promise<readonly Outcome[]> {
    const domain = canonicalName(mail.recipients[0]!.mailbox.domain);
    const attempt = new Attempt(mail, signal, this.#options);
    try {
      const way = await this.#options.routing.wayTo(domain, mail.sender, {});
      if ("outcome" in way) return mail.recipients.map(() => way.outcome);
      await attempt.along(way);
    } catch (error) {
      attempt.blame(error, domain);
    }
    return attempt.outcomes(domain);
  }
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

  constructor(mail: Mail, signal: AbortSignal, options: SenderOptions) {
    this.#mail = mail;
    this.#signal = signal;
    this.#options = options;
    this.#open = [...mail.recipients.keys()];
  }

  /** What became of the mail of each recipient. */
  outcomes(domain: string): readonly Outcome[] {
    return this.#mail.recipients.map((_, i) => this.#outcomes[i] ?? faulty(undefined, domain));
  }

  /** Recipients without a better outcome wait, because of this. */
  blame(error: unknown, host: string): void {
    const outcome = faulty(error, host);
    for (const i of this.#open) this.#outcomes[i] = outcome;
  }

  /** Tries the servers of a way. */
  async along({ hops, domain, exchangers }: Exclude<Way, { outcome: Outcome }>): Promise<void> {
    const security = await this.#options.security.of(domain, exchangers, {});
    for (const hop of hops) {
      if (this.#open.length === 0 || this.#sessions >= SESSIONS || this.#signal.aborted) return;
      const allowed = await security.of(hop.host);
      if ("refused" in allowed) {
        const failure = new TlsFailure(allowed.kind, allowed.refused);
        this.blame(failure, hop.host);
        this.#options.results?.count({
          ...{ policy: allowed.policy, host: hop.host, address: undefined },
          ...{ localAddress: undefined, failure: allowed.kind, reason: allowed.refused },
        });
      } else {
        await this.#by(hop, allowed);
      }
    }
  }

  async #by(hop: NextHop, allowed: Allowed): Promise<void> {
    const { recipients } = this.#mail;
    const mail = { ...this.#mail, recipients: this.#open.map((i) => recipients[i]!) };
    let sent: readonly Sent[];
    try {
      sent = await this.#send(mail, hop, allowed);
    } catch (error) {
      if (!(error instanceof DialFailure)) this.#sessions++;
      return this.blame(error, hop.host);
    }
    this.#sessions++;
    const open: number[] = [];
    for (const [at, { outcome, isOver }] of sent.entries()) {
      const i = this.#open[at]!;
      this.#outcomes[i] = outcome;
      if (!isOver) open.push(i);
    }
    this.#open = open;
  }

  /** Sends on a session that waits, or a new one: those that wait may have been closed by the server. */
  async #send(mail: Mail, hop: NextHop, allowed: Allowed): Promise<readonly Sent[]> {
    const { connector } = this.#options;
    for (;;) {
      const session = await connector.take(hop, allowed, this.#signal);
      const wasUsed = session.sent > 0;
      const sent = await session.send(mail, this.#signal);
      connector.give(hop, allowed, session);
      if (session.heard || !wasUsed || this.#signal.aborted) return sent;
    }
  }
}
