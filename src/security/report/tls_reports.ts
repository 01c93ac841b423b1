/**
 * Reports of TLS (RFC 8460): connections are counted, and after each day the domains that want to know are told.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../base/message_of.ts";
import { replaceFileAside } from "../../base/replace_file.ts";
import { orNothing } from "../../dns/error.ts";
import type { Log } from "../../log/event.ts";
import { https, type HttpsOptions } from "../https.ts";
import type { TlsResult, TlsResults } from "../security.ts";
import { countIn, type DayCounts, type PolicyCounts } from "./counts.ts";
import { type ReportAddress, reportAddresses } from "./record.ts";
import { mailOf, REPORT_TYPE, reportOf } from "./report.ts";
import type { Report, Reporter, ReportMail } from "./report_mail.ts";

/** What reports need. */
export interface TlsReportsOptions extends HttpsOptions {
  /** Where counts are kept. */
  readonly directory: string;
  readonly reporter: Reporter;
  /** Takes a message, for nobody to lose. */
  readonly send: (mail: ReportMail) => Promise<unknown>;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 to 1, for the time of reports. */
  readonly random?: () => number;
}

/** The counts of a day, as they are on disk. */
interface Day {
  /** When its reports are due, in milliseconds since the epoch; `undefined` while the day lasts. */
  due?: number;
  /** Milliseconds until the next attempt, if one has failed. */
  pause: number;
  /** By domains that are still to be told. */
  readonly domains: DayCounts;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Reports of all servers in the world do not come at midnight (section 4.1). */
const SPREAD = 4 * HOUR;
/** Until the first attempt after a failure; each further one takes twice as long. */
const PAUSE = 30 * MINUTE;
/** So long after its day a report is given up (section 5.5). */
const LIFETIME = DAY + SPREAD;
/** The most octets of an answer to a report, which nobody reads. */
const LIMIT = 64 * 1024;

/** Counts and reports. */
export class TlsReports implements TlsResults {
  readonly #options: TlsReportsOptions;
  /** By their dates, `2026-11-28`. */
  readonly #days = new Map<string, Day>();
  /** Days that have changed since they were written. */
  readonly #changed = new Set<string>();
  readonly #timer: ReturnType<typeof setInterval>;
  /** What is being written or sent. */
  #working: Promise<void> = Promise.resolve();

  constructor(options: TlsReportsOptions) {
    this.#options = options;
    this.#read();
    this.#timer = setInterval(() => void this.work(), MINUTE);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  count(result: TlsResult): void {
    const date = dateOf(this.#options.now());
    let day = this.#days.get(date);
    if (day === undefined) this.#days.set(date, day = { pause: PAUSE, domains: {} });
    countIn(day.domains, result);
    this.#changed.add(date);
  }

  /** Writes what has changed, and sends what is due. It is done each minute. */
  work(): Promise<void> {
    return this.#working = this.#working.then(async () => {
      for (const [date, day] of this.#days) await this.#report(date, day);
      await this.#write();
    });
  }

  /** Writes what has changed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
    await this.#write();
  }

  async #report(date: string, day: Day): Promise<void> {
    const { now, random = Math.random } = this.#options;
    const end = Date.parse(date) + DAY;
    if (now() < end) return;
    if (day.due === undefined) this.#change(date, day, end + random() * SPREAD);
    if (day.due! > now()) return;
    for (const [domain, counts] of Object.entries(day.domains)) {
      if (await this.#tell(domain, date, counts)) delete day.domains[domain];
    }
    if (now() > end + LIFETIME || Object.keys(day.domains).length === 0) {
      this.#days.delete(date);
      this.#changed.add(date);
    } else {
      this.#change(date, day, now() + day.pause);
      day.pause *= 2;
    }
  }

  #change(date: string, day: Day, due: number): void {
    day.due = due;
    this.#changed.add(date);
  }

  /** Tells a domain, if it wants to know. Returns whether that is done. Never rejects. */
  async #tell(domain: string, date: string, counts: readonly PolicyCounts[]): Promise<boolean> {
    const { reporter, log } = this.#options;
    try {
      const addresses = await this.#addressesOf(domain);
      if (addresses.length === 0) return true;
      const report = reportOf(domain, date, counts, reporter);
      const sent = await Promise.all(addresses.map((address) => this.#send(report, address)));
      return sent.includes(true);
    } catch (error) {
      log("TLS report not sent", { domain, error: messageOf(error) });
      return false;
    }
  }

  async #addressesOf(domain: string): Promise<readonly ReportAddress[]> {
    const texts = await orNothing(this.#options.dns.resolveTxt(`_smtp._tls.${domain}`));
    return texts === undefined ? [] : reportAddresses(texts);
  }

  /** Sends a report to one address. Returns whether that is done. Never rejects. */
  async #send(report: Report, address: ReportAddress): Promise<boolean> {
    const { send, reporter, now, log } = this.#options;
    const { domain } = report;
    const to = "url" in address ? address.url.href : String(address.mail);
    try {
      if ("url" in address) await this.#post(report, address.url);
      else await send(mailOf(report, to, reporter, now()));
      log("TLS report sent", { domain, to });
      return true;
    } catch (error) {
      log("TLS report not sent", { domain, to, error: messageOf(error) });
      return false;
    }
  }

  async #post({ octets }: Report, url: URL): Promise<void> {
    const headers = { "content-type": REPORT_TYPE, "content-length": String(octets.length) };
    const asked = { url, method: "POST", headers, body: octets, limit: LIMIT } as const;
    const { status } = await https(asked, this.#options);
    if (status < 200 || status > 299) {
      throw new Error(`${url.hostname} answers with the status ${status}`);
    }
  }

  #read(): void {
    const { directory, log } = this.#options;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(directory)) {
        const [, date] = /^(\d{4}-\d\d-\d\d)\.json$/.exec(name) ?? [];
        if (date === undefined) continue;
        this.#days.set(date, JSON.parse(readFileSync(join(directory, name), "utf8")) as Day);
      }
    } catch (error) {
      log("state not kept", { file: directory, error: messageOf(error) });
    }
  }

  async #write(): Promise<void> {
    const { directory, log } = this.#options;
    for (const date of this.#changed) {
      const file = join(directory, `${date}.json`);
      const day = this.#days.get(date);
      this.#changed.delete(date);
      try {
        if (day === undefined) await rm(file, { force: true });
        else await replaceFileAside(file, JSON.stringify(day));
      } catch (error) {
        log("state not kept", { file, error: messageOf(error) });
      }
    }
  }
}

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
