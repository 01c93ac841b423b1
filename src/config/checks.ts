/**
 * The checks that no schema can make: what the settings name must exist and fit together.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { hostname as systemHostname } from "node:os";
import { parseAliasFile, type WrittenAlias } from "../../handlers/alias_file.ts";
import { type Aliases, type LocalUsers, NamedUsers, SystemUsers } from "../../handlers/mod.ts";
import { readyMade } from "../../handlers/registry.ts";
import { messageOf } from "../base/message_of.ts";
import { cannotRead } from "../base/cannot_read.ts";
import { Watched } from "../base/watched.ts";
import type { NamedHandler } from "../handler/entry.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { findIdentity, type Ids } from "../targets/identity.ts";
import { NO_RELAY, type Targets } from "../targets/target.ts";
import { type AliasFile, type IsUser, SiteAliases } from "./aliases.ts";
import type { HandlerEntry } from "./config.ts";
import type { Path } from "./document.ts";
import { embedded } from "./embedded.ts";
import { isMapping, type Written } from "./overrides.ts";
import { refuseUnread, unknownReaders } from "./postmaster.ts";
import { ConfigError, type Problem } from "../base/problem.ts";
import type { AliasSource, Settings } from "./schema.ts";
import { localTargets, relayBy } from "./targets.ts";
import type { Read } from "./settings.ts";
import { defaultStateDirectory, isWritable } from "./state_directory.ts";

/** Checks settings; those that are missing are not checked, nor checked against. */
export class Checks {
  readonly problems: Problem[] = [];
  readonly #settings: Partial<Settings>;
  readonly #wrong: ReadonlySet<string>;
  readonly #written: Written;
  readonly #resolve: (path: string) => string;

  /** @param resolve the full path of a file that the configuration names */
  constructor(
    { settings, wrong }: Pick<Read, "settings" | "wrong">,
    written: Written,
    resolve: (path: string) => string,
  ) {
    this.#settings = settings;
    this.#wrong = wrong;
    this.#written = written;
    this.#resolve = resolve;
  }

  /** The server's own name. */
  hostname(): string {
    const { hostname = systemHostname() } = this.#settings;
    if (!this.#wrong.has("hostname") && !isDomain(hostname)) {
      this.#fault(
        ["hostname"],
        `the system's host name, \`${hostname}\`, is no domain: set \`hostname\``,
      );
    }
    return hostname;
  }

  /** The local users. */
  users(): LocalUsers | undefined {
    const { users } = this.#settings;
    if (users === undefined) return undefined;
    if ("names" in users) return new NamedUsers(users.names);
    return "file" in users
      ? this.#file(["users", "file"], () => new NamedUsers(this.#resolve(users.file)))
      : this.#file(["users"], () => new SystemUsers(users.minUid));
  }

  /** The aliases, checked against everything they can lead to. */
  aliases(users: LocalUsers | undefined, hostname: string): SiteAliases | undefined {
    const { aliases, domains, postmaster } = this.#settings;
    if (aliases === undefined || this.#wrong.has("postmaster")) return undefined;
    const readers = postmaster === undefined ? [] : this.#words({ postmaster }, []);
    const written: WrittenAlias[] = [...readers];
    const files: AliasFile[] = [];
    const add = (source: AliasSource, path: Path) => {
      if ("table" in source) return written.push(...this.#words(source.table, path));
      const file = this.#resolve(source.file);
      const opened = this.#file([...path, "file"], () => new Watched(file, parseAliasFile));
      return opened && files.push(opened);
    };
    if (isList(aliases)) aliases.forEach((source, i) => add(source, ["aliases", i]));
    else add(aliases, ["aliases"]);
    const { relay, handlers = [] } = this.#settings;
    // A setting in which something is wrong is one all the same.
    const leadsOn = this.#wrong.has("relay") || this.#wrong.has("handlers") ||
      relay !== undefined || handlers.length > 0;
    const delimiter = this.#settings.recipientDelimiter ?? "";
    const handled = this.#wrong.has("handlers") || handlers.some(mayAccept);
    const isUser = users && ((local: string) => users.isUser(local));
    const mayBeUser = users && ((local: string) => users.mayBeUser(local));
    const judge = (all: Aliases) => this.postmaster(all, mayBeUser, hostname);
    const site = { domains, isUser, delimiter, leadsOn, handled };
    try {
      const all = new SiteAliases(written, files, site, { isUser: mayBeUser, judge });
      this.problems.push(...readers.flatMap((one) => unknownReaders(one, all, site)));
      return all;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  /** Somebody must read the mail for postmaster. Throws a {@linkcode ConfigError}, once all else is right. */
  postmaster(aliases: Aliases | undefined, isUser: IsUser | undefined, hostname: string): void {
    const { domains } = this.#settings;
    if (aliases === undefined || isUser === undefined || domains === undefined) return;
    const place = this.#written.keyPlace(["postmaster"]);
    refuseUnread(aliases, isUser, { domains, hostname }, place);
  }

  /** The targets; the commands behind them must make sense. */
  targets(): Targets | undefined {
    const { mailer, relay } = this.#settings;
    if (mailer === undefined) return undefined;
    const targets = this.#command("mailer", () => localTargets(mailer));
    if (relay !== undefined) {
      const type = this.#command("relay", () => relayBy(relay));
      if (type !== undefined) targets?.define("relay", type);
    }
    return targets;
  }

  /** Who the server becomes: a group goes with a user, and a user that is only a number needs one. */
  user(): void {
    const { user, group } = this.#settings;
    if (user === undefined) {
      if (group === undefined || this.#wrong.has("user")) return;
      return this.#fault(["group"], "it goes with `user`: set that too");
    }
    this.#ids(["user"], user, group);
  }

  /** Whom programs may run as. Root's are for the configuration to name, not for a handler. */
  runAs(): void {
    for (const [i, { user, group }] of (this.#settings.runAs ?? []).entries()) {
      const ids = this.#ids(["run-as", i], user, group);
      if (ids?.uid === 0 || ids?.gid === 0) {
        this.#fault(
          ["run-as", i],
          "no handler's program may run as root: make it that of `mailer`",
        );
      }
    }
  }

  /** The handlers; the modules among them must be there. */
  handlers(): HandlerEntry[] {
    const { handlers = [] } = this.#settings;
    const { value } = this.#written;
    const areNamed = isMapping(value) && "handlers" in value;
    return handlers.map(({ name, options, ready }, i) => {
      const path = ["handlers", i];
      const place = areNamed ? this.#written.place(path) : { file: "compiled in" };
      if (ready !== undefined) {
        this.#relays(name, options, path);
        return { name, place, source: { handler: ready, options } };
      }
      const own = embedded.get(name);
      if (own !== undefined) return { name, place, source: { module: own, options } };
      const module = this.#resolve(name);
      this.#file(path, () => readFileSync(module));
      return { name, place, source: { module, options } };
    });
  }

  /** A handler that sends mail on needs `relay`. */
  #relays(name: string, options: unknown, path: Path): void {
    if (this.#settings.relay !== undefined || this.#wrong.has("relay")) return;
    if (!readyMade.get(name)?.relays?.(options)) return;
    this.#fault(path, `\`${name}\` sends mail on, and nothing says how: ${NO_RELAY}`);
  }

  /** The directory for what must survive a restart. */
  stateDirectory(): string {
    const written = this.#settings.stateDirectory;
    if (written === undefined) return defaultStateDirectory();
    const directory = this.#resolve(written);
    // Of a server with a user, what he can do is asked once the process is his.
    if (this.#settings.user === undefined && !isWritable(directory)) {
      this.#fault(
        ["state-directory"],
        `the server cannot write to the directory ${directory}: make it for the server's user, or ` +
          "change its permissions",
      );
    }
    return directory;
  }

  #ids(path: Path, user: string | number, group: string | number | undefined): Ids | undefined {
    try {
      return findIdentity(user, group);
    } catch (error) {
      return void this.#fault(path, `${messageOf(error)}: set \`group\``);
    }
  }

  #command<T>(key: "mailer" | "relay", use: () => T): T | undefined {
    try {
      return use();
    } catch (error) {
      return void this.#fault([key, "command"], messageOf(error));
    }
  }

  #fault(path: Path, message: string): void {
    this.problems.push(this.#written.problem({ path, message }));
  }

  /** What `open` gives, `undefined` if the file that the setting names cannot be read. */
  #file<T>(path: Path, open: () => T): T | undefined {
    try {
      return open();
    } catch (error) {
      if (error instanceof ConfigError) this.problems.push(...error.problems);
      else this.#fault(path, cannotRead(error));
      return undefined;
    }
  }

  #words(table: Extract<AliasSource, { table: unknown }>["table"], path: Path): WrittenAlias[] {
    return Object.entries(table).map(([key, value]) => {
      const at = [...path, key];
      return {
        key: { text: key, place: this.#written.keyPlace(at) },
        targets: typeof value === "string"
          ? [{ text: value, place: this.#written.place(at) }]
          : value.map((text, i) => ({ text, place: this.#written.place([...at, i]) })),
      };
    });
  }
}

const isList = (aliases: Settings["aliases"]): aliases is readonly AliasSource[] =>
  Array.isArray(aliases);

/** Whether a handler may accept a recipient; ready-made checks do not. */
const mayAccept = ({ name, ready }: NamedHandler): boolean =>
  ready === undefined || !["checks", "counts"].includes(readyMade.get(name)?.part ?? "");
