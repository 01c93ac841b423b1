/**
 * What is looked at: the configuration, as far as it can be read, and what the command line says.
 * @module
 */
import type {
  Config,
  ExaminedConfig,
  Places,
  Problem,
  Settings,
  SmtpRelay,
} from "../../config/mod.ts";
import { CachingResolver } from "../../dns/caching_resolver.ts";
import { canonicalName } from "../../dns/name.ts";
import type { SocketAddress } from "../../net/own_addresses.ts";
import type { Mailbox } from "../../smtp/mailbox.ts";
import { type Greeted, greetListener, type Listener } from "./greet.ts";

/** What the command line says. */
export interface Wishes {
  /** The addresses that mail is sent from, instead of those that are found. */
  readonly addresses: readonly string[];
  /** Exchangers of others that a connection is tried to: a host, perhaps with a port. */
  readonly exchangers: readonly string[];
  /** A server of time (NTP). */
  readonly clock: string | undefined;
  /** A name whose DNSSEC is broken. */
  readonly bogus: string;
  /** Who gets a message. */
  readonly recipient: Mailbox | undefined;
}

/** What was found out while the configuration was read. */
export interface Surroundings {
  /** `undefined` if the configuration does not say it. */
  readonly places: Places | undefined;
  /** What the server's user lacks. */
  readonly unmet: readonly Problem[];
  /** The server's user is another one than the one who asks: root, for example. */
  readonly isOther: boolean;
}

/** Everything that checks look at. */
export class Installation {
  readonly settings: Partial<Settings>;
  /** `undefined` if there are {@linkcode problems}. */
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  readonly wishes: Wishes;
  readonly places: Surroundings["places"];
  readonly unmet: Surroundings["unmet"];
  readonly isOther: boolean;
  readonly hostname: string;
  readonly stateDirectory: string;
  readonly dns: CachingResolver;
  /** How mail is sent on; `undefined` if nothing is, or a program does it. */
  readonly relay: SmtpRelay | undefined;
  readonly #greeted = new Map<Listener, Promise<Greeted>>();

  constructor(examined: ExaminedConfig, wishes: Wishes, surroundings: Surroundings) {
    const { settings, config, problems, hostname, stateDirectory } = examined;
    this.settings = settings;
    this.config = config;
    this.problems = problems;
    this.wishes = wishes;
    this.places = surroundings.places;
    this.unmet = surroundings.unmet;
    this.isOther = surroundings.isOther;
    this.hostname = hostname;
    this.stateDirectory = stateDirectory;
    this.dns = new CachingResolver(settings.dns);
    const { relay } = settings;
    this.relay = relay === undefined || "command" in relay ? undefined : relay;
  }

  /** The domains that have mail here. */
  get domains(): readonly string[] {
    const all = this.settings.domains ?? [];
    return [...new Set(all.map(canonicalName))].filter((domain) => !domain.startsWith("["));
  }

  /** The domains in whose name mail is sent. */
  get senders(): readonly string[] {
    return this.sends ? this.domains : [];
  }

  /** Whether this server itself brings mail to the exchangers of others. */
  get sends(): boolean {
    return this.relay?.mx !== undefined;
  }

  /** The port of exchangers. */
  get exchangerPort(): number {
    return this.relay?.mx?.port ?? 25;
  }

  get listeners(): readonly Listener[] {
    return this.settings.listen ?? [];
  }

  /** The addresses of TCP that the server listens at. */
  get listening(): readonly SocketAddress[] {
    return this.listeners.flatMap(({ address }) =>
      address.transport === "tcp" ? [{ address: address.hostname, port: address.port }] : []
    );
  }

  /** What the server says at a listener: it is asked once. Rejects if it cannot be asked. */
  greetingAt(listener: Listener, signal: AbortSignal): Promise<Greeted> {
    const known = this.#greeted.get(listener);
    if (known !== undefined) return known;
    const greeted = greetListener(listener, this.hostname, signal);
    this.#greeted.set(listener, greeted);
    return greeted;
  }
}
