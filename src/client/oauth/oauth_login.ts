/**
 * A login with access tokens of OAuth 2.0, which are fetched, kept, and renewed before they end.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { Seldom } from "../../base/seldom.ts";
import { WebServer } from "../../auth/web.ts";
import { type Log, silent } from "../../log/event.ts";
import type { Credentials, Login } from "../login.ts";
import { GrantRefused, requestToken } from "./grant.ts";
import { digestOf, type Kept, KeptFile } from "./kept.ts";

/** How tokens are got. Secrets may change. */
export interface OauthOptions {
  readonly user: string;
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret?: (() => string) | undefined;
  /** The refresh token of the operator; `undefined` if the client asks for itself. */
  readonly refreshToken?: (() => string) | undefined;
  readonly scope?: string | undefined;
  /** Certificates in PEM that the web server's may lead to, besides those that the system trusts. */
  readonly ca?: string | undefined;
}

/** Milliseconds for one question. */
const REQUEST = 30_000;
/** A token is renewed so long before its end, or when this part of its life is left. */
const EARLY = 300_000;
const EARLY_PART = 0.2;
/** After a failure nobody asks for so long; for longer if it is the operator's to mend. */
const PAUSE = 30_000;
const LONG_PAUSE = 600_000;
/** The grant is looked at so often, also while there is no mail. */
const LOOK = 21_600_000;
const DAY = 86_400_000;
/** So long before its end the operator is warned, once a day. */
const WARNING = 7 * DAY;
/** Ends of a grant that are so close are the same: web servers count seconds. */
const SAME = 60_000;

/** What to do about a refusal, by its code. */
const HINTS: Readonly<Record<string, string>> = {
  invalid_grant: "get a new refresh token, and write it into `refresh-token-file`",
  interaction_required: "get a new refresh token, and write it into `refresh-token-file`",
  invalid_client: "mend `client-id` and `client-secret-file`: client secrets end, too",
  unauthorized_client: "allow this client such grants where it is registered",
  invalid_scope: "mend `scope`",
};

/** A login with tokens. */
export class OauthLogin implements Login {
  readonly user: string;
  readonly #options: OauthOptions;
  readonly #server: WebServer;
  #file: KeptFile | undefined;
  #log: Log = silent;
  #kept: Kept | undefined;
  /** Not to be used any more. */
  #bad: string | undefined;
  #fetching: Promise<string> | undefined;
  #failure: { readonly error: Error; readonly until: number; readonly secrets: string } | undefined;
  readonly #warned = new Seldom(DAY);

  constructor(options: OauthOptions) {
    this.#options = options;
    this.user = options.user;
    this.#server = new WebServer({ url: options.tokenUrl, ca: options.ca });
  }

  start(stateDirectory: string, log: Log): Disposable {
    const { user, tokenUrl, clientId, scope = "" } = this.#options;
    this.#file = new KeptFile(stateDirectory, [user, tokenUrl.href, clientId, scope]);
    this.#log = log;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      await this.credentials().catch(() => {}); // the log has it
      const left = (this.#kept?.grantEnds ?? Infinity) - Date.now();
      if (!isOver) timer = setTimeout(look, Math.min(LOOK, Math.max(PAUSE, left / 2)));
    };
    void look();
    return {
      [Symbol.dispose]: () => {
        isOver = true;
        clearTimeout(timer);
        this.#server[Symbol.dispose]();
      },
    };
  }

  async credentials(): Promise<Credentials> {
    const kept = this.#kept;
    if (kept !== undefined && this.#isGood(kept, renewalOf(kept))) return { token: kept.token };
    try {
      this.#fetching ??= this.#fetch().finally(() => this.#fetching = undefined);
      return { token: await this.#fetching };
    } catch (error) {
      const kept = this.#kept; // as it was, or as the last process has left it
      if (kept !== undefined && this.#isGood(kept, kept.expires)) return { token: kept.token };
      throw error;
    }
  }

  refused(): void {
    this.#bad = this.#kept?.token;
  }

  /** Fetches a token, unless that has just failed. */
  async #fetch(): Promise<string> {
    const secrets = digestOf(JSON.stringify(this.#secrets()));
    const { until = 0, secrets: failed, error } = this.#failure ?? {};
    if (Date.now() < until && failed === secrets) throw error;
    try {
      const token = await this.#alone(() => this.#renew());
      this.#failure = undefined;
      return token;
    } catch (error) {
      throw this.#failed(error, secrets);
    }
  }

  #alone(work: () => Promise<string>): Promise<string> {
    return this.#file === undefined ? work() : this.#file.alone(work);
  }

  async #renew(): Promise<string> {
    const source = this.#source();
    const before = later(this.#kept, this.#file?.read()); // another process may have renewed it
    const ours = before?.source === source ? before : undefined;
    this.#kept = ours;
    if (ours !== undefined && this.#isGood(ours, renewalOf(ours))) return ours.token;
    const { clientId, scope } = this.#options;
    const { clientSecret, refreshToken } = this.#secrets();
    const { refreshToken: next = ours?.refreshToken, ...granted } = await requestToken(
      {
        ...{ server: this.#server, clientId, clientSecret, scope },
        refreshToken: refreshToken && (ours?.refreshToken ?? refreshToken),
      },
      AbortSignal.timeout(REQUEST),
    );
    const grantEnds = granted.grantEnds ??
      (next === ours?.refreshToken ? ours?.grantEnds : undefined);
    const kept = { ...granted, grantEnds, refreshToken: refreshToken && next, source };
    try {
      this.#file?.write(kept);
    } catch (error) {
      this.#log("token not kept", { user: this.user, error: messageOf(error) });
    }
    this.#warn(kept.grantEnds, ours?.grantEnds);
    this.#kept = kept;
    return kept.token;
  }

  /** A grant that each renewal prolongs needs nobody. */
  #warn(ends: number | undefined, before: number | undefined): void {
    const now = Date.now();
    if (ends === undefined || before === undefined || ends > before + SAME) return;
    if (ends - now > WARNING || !this.#warned.isDue(this.user, now)) return;
    const until = new Date(ends).toISOString();
    this.#log("grant ends", { user: this.user, until, hint: HINTS["invalid_grant"]! });
  }

  #failed(error: unknown, secrets: string): Error {
    const { user } = this;
    const isRefused = error instanceof GrantRefused;
    const until = Date.now() + (isRefused ? LONG_PAUSE : PAUSE);
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    const reason = isLate ? "it does not answer" : messageOf(error);
    const said = `no token from ${this.#server.name}: ${reason}`;
    if (isRefused) {
      const hint = HINTS[error.code] ?? "mend what it says";
      this.#log("grant refused", { user, error: said, hint });
    } else {
      this.#log("token not fetched", { user, error: said, next: new Date(until).toISOString() });
    }
    const failure = new Error(said);
    this.#failure = { error: failure, until, secrets };
    return failure;
  }

  #isGood({ source, token }: Kept, until: number): boolean {
    return Date.now() < until && source === this.#source() && token !== this.#bad;
  }

  #secrets(): {
    readonly clientSecret?: string | undefined;
    readonly refreshToken?: string | undefined;
  } {
    const { clientSecret, refreshToken } = this.#options;
    return { clientSecret: clientSecret?.(), refreshToken: refreshToken?.() };
  }

  #source(): string {
    return digestOf(this.#options.refreshToken?.() ?? "");
  }
}

const later = (one: Kept | undefined, other: Kept | undefined): Kept | undefined =>
  (one?.issued ?? 0) > (other?.issued ?? 0) ? one : other;

/** When a token is renewed. */
function renewalOf({ expires, issued }: Kept): number {
  return expires - Math.min(EARLY, EARLY_PART * (expires - issued));
}
