/**
 * Aggregate reports (RFC 7489 section 7.2): messages are counted, and after each day the domains that want to know are
 * told.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import type { Resolver } from "../dns/resolver.ts";
import type { Log } from "../log/event.ts";
import type { Report, Reporter, ReportMail } from "../security/report/report_mail.ts";
import { type Destination, verifiedDestinations } from "./destinations.ts";
import type { Counted, Ledged, LedgerLimits } from "./ledger.ts";
import { type CheckedMessage, observationOf } from "./observation.ts";
import { RemoteLedger } from "./remote_ledger.ts";
import { mailOf } from "./report_mail.ts";

/** What reports need. */
export interface DmarcReportsOptions {
  /** Where counts are kept. */
  readonly file: string;
  readonly reporter: Reporter;
  readonly dns: Pick<Resolver, "resolveTxt">;
  /** Takes a message, for nobody to lose. */
  readonly send: (mail: ReportMail) => Promise<unknown>;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 to 1, for the time of reports. */
  readonly random?: () => number;
  readonly limits?: LedgerLimits;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Reports of all servers in the world do not come at midnight. */
const SPREAD = 4 * HOUR;
/** So long after its day a report is given up. */
const LIFETIME = DAY + SPREAD;
/** Milliseconds between two writes: what was counted in between is lost when the process is killed. */
const ROUND = 1000;
/** The most rows that wait to be written. */
const MOST = 20_000;

/** Counts and reports. */
export class DmarcReports {
  readonly #options: DmarcReportsOptions;
  /** What is not written yet, by what is alike. */
  #waiting = new Map<string, Counted>();
  #ledger: RemoteLedger | undefined;
  #failing = false;
  #timers: readonly ReturnType<typeof setInterval>[] = [];
  /** What is being written or sent. */
  #working: Promise<void> = Promise.resolve();

  constructor(options: DmarcReportsOptions) {
    this.#options = options;
  }

  /** Begins to write and to send. */
  start(): void {
    void this.work();
    this.#timers = [
      setInterval(() => void (this.#waiting.size > 0 && this.flush()), ROUND),
      setInterval(() => void this.work(), MINUTE),
    ];
    for (const timer of this.#timers) Deno.unrefTimer(timer as unknown as number);
  }

  /** Counts a message that was accepted, or refused for good. While the disk fails, no more than memory has room for. */
  count(message: CheckedMessage): void {
    const { now, random = Math.random, reporter } = this.#options;
    const observation = observationOf(message, reporter.contact);
    if (observation === undefined) return;
    const date = new Date(now()).toISOString().slice(0, 10);
    const key = JSON.stringify([date, observation]);
    const known = this.#waiting.get(key);
    if (known === undefined && this.#waiting.size >= MOST) return;
    const due = known?.due ?? Math.round(endOf(date) + random() * SPREAD);
    this.#waiting.set(key, { ...observation, date, due, count: (known?.count ?? 0) + 1 });
  }

  /** Writes what was counted. It is done each second. Never rejects. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#write());
  }

  /** Writes what was counted, and sends what is due. It is done each minute. Never rejects. */
  work(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#write();
      const ledger = await this.#opened();
      const { now } = this.#options;
      for (let ledged; (ledged = await ledger.ask("due", now())) !== undefined;) {
        await this.#report(ledger, ledged);
      }
    });
  }

  /** Writes what was counted. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#waiting.size > 0) await this.flush();
    await this.#working;
    await this.#ledger?.close();
  }

  /** Does one thing after the other. After a failure the file is opened again. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    return this.#working = this.#working.then(run).then(
      () => void (this.#failing = false),
      (error) => {
        const { log, file } = this.#options;
        if (!this.#failing) log("state not kept", { file, error: messageOf(error) });
        this.#failing = true;
        this.#ledger?.[Symbol.dispose]();
        this.#ledger = undefined;
      },
    );
  }

  async #opened(): Promise<RemoteLedger> {
    const { file, limits } = this.#options;
    return this.#ledger ??= await RemoteLedger.open(file, limits);
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const ledger = await this.#opened();
    const writing = this.#waiting;
    this.#waiting = new Map();
    try {
      await ledger.ask("add", [...writing.values()]);
    } catch (error) {
      for (const [key, one] of this.#waiting) {
        writing.set(key, { ...one, count: one.count + (writing.get(key)?.count ?? 0) });
      }
      this.#waiting = writing;
      throw error;
    }
  }

  /** Makes a report and sends it, or forgets it, or puts it off. */
  async #report(ledger: RemoteLedger, ledged: Ledged): Promise<void> {
    const { now } = this.#options;
    const { key, date, pause } = ledged;
    const isOver = await this.#tell(ledger, ledged) || now() + pause > endOf(date) + LIFETIME;
    await (isOver ? ledger.ask("remove", key) : ledger.ask("postpone", key, now() + pause));
  }

  /** Tells those who want to know. Returns whether that is done. Never rejects. */
  async #tell(ledger: RemoteLedger, ledged: Ledged): Promise<boolean> {
    const { dns, reporter, log } = this.#options;
    const { domain, policy: { rua } } = ledged;
    try {
      const destinations = await verifiedDestinations(domain, rua, dns);
      if (destinations.length === 0) return true;
      const report = await ledger.ask("report", ledged, reporter);
      const sent = await Promise.all(destinations.map((one) => this.#send(report, one)));
      return sent.includes(true);
    } catch (error) {
      log("DMARC report not sent", { domain, error: messageOf(error) });
      return false;
    }
  }

  /** Sends a report to one address. Returns whether that is done, for now or for good. Never rejects. */
  async #send(report: Report, { address: to, limit }: Destination): Promise<boolean> {
    const { send, reporter, now, log } = this.#options;
    const { domain } = report;
    try {
      const mail = mailOf(report, to, reporter, now());
      const isWanted = mail.octets.length <= limit;
      if (!isWanted) {
        const error = `it has ${mail.octets.length} octets, and no more than ${limit} are wanted`;
        log("DMARC report not sent", { domain, to, error });
        return true;
      }
      await send(mail);
      log("DMARC report sent", { domain, to });
      return true;
    } catch (error) {
      log("DMARC report not sent", { domain, to, error: messageOf(error) });
      return false;
    }
  }
}

/** When a day ends. */
const endOf = (date: string): number => Date.parse(date) + DAY;
