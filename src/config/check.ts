/**
 * The checks that no schema can make: what the settings name must exist and fit together.
 * @module
 */
import { readFileSync } from "node:fs";
import { hostname as systemHostname } from "node:os";
import { resolve } from "node:path";
import { parseAliasFile, wordsIn, type WrittenAlias } from "../../handlers/alias_file.ts";
import { type Aliases, type LocalUsers, NamedUsers } from "../../handlers/mod.ts";
import { readyMade } from "../../handlers/registry.ts";
import { messageOf } from "../base/message_of.ts";
import { SystemUsers } from "../base/system_users.ts";
import { printDuration } from "../base/units.ts";
import { Watched } from "../base/watched.ts";
import type { NamedHandler } from "../handler/entry.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { NO_RELAY } from "../targets/target.ts";
import { type AliasFile, type IsUser, SiteAliases } from "./aliases.ts";
import { doubtsAbout } from "./auth.ts";
import {
  checkAuthentication,
  checkListeners,
  checkTls,
  doubtsAboutPeers,
} from "./check_connections.ts";
import { doubtsAboutKeys } from "./check_keys.ts";
import { doubtsAboutRelay } from "./check_relay.ts";
import type { Config, HandlerEntry } from "./config.ts";
import { controlSocket } from "./control.ts";
import { idsOf } from "./daemon.ts";
import { checkDmarcReports } from "./check_dmarc_reports.ts";
import type { Path } from "./document.ts";
import { embedded } from "./embedded.ts";
import type { Finding } from "./explain.ts";
import { Faults } from "./faults.ts";
import { checkForwarding, doubtsAboutForwarding, withForwarding } from "./with_forwarding.ts";
import { doubtsAboutMailer, mailerOf } from "./mailer.ts";
import { orderWarnings } from "./order.ts";
import { queueDirectory } from "./queue.ts";
import { isMapping, type Written } from "./overrides.ts";
import { refuseUnread, unknownReaders } from "./postmaster.ts";
import { ConfigError } from "../base/problem.ts";
import type { AliasSource, Settings } from "./schema.ts";
import { targetsOf } from "./targets.ts";
import type { ReadSettings } from "./settings.ts";
import { defaultStateDirectory, isWritable } from "./state_directory.ts";

/**
 * Checks settings, and opens what they name.
 *
 * @param file the configuration; `undefined` if there is none
 * @param reading its text, and how it is read another time
 * @param kept what was found out before this process became another user
 * @throws {ConfigError} with all that is wrong
 */
export function checkSettings(
  read: ReadSettings,
  file: string | undefined,
  reading: Pick<Config, "text" | "again" | "anew">,
  kept?: Pick<Config, "stateDirectory">,
): Config {
  const faults = new Faults(read.written);
  const checks = new Checks(read, faults);
  const hostname = checks.hostname();
  const users = checks.users();
  const aliases = checks.aliases(users, hostname);
  const handlers = checks.handlers();
  const stateDirectory = kept?.stateDirectory ?? checks.stateDirectory();
  checkForwarding(read, faults);
  checks.deliver();
  const doubtful = checkTls(read, hostname, faults);
  checkListeners(read, faults);
  checkDmarcReports(read, faults);
  const authentication = checkAuthentication(read, faults);
  checks.user();
  const problems = [...read.problems, ...faults.problems];
  if (problems.length > 0) throw new ConfigError(problems);
  checks.postmaster(aliases!, (local) => users!.isUser(local), hostname);
  const problem = (finding: Finding) => read.written.problem(finding);
  const written = read.settings as Settings; // nothing was wrong, so nothing is missing
  const settings = withForwarding(written, stateDirectory);
  return {
    ...settings,
    ...{ file, hostname, users: users!, aliases: aliases!, handlers, stateDirectory },
    ...reading,
    written: read.written,
    queue: settings.queue &&
      { ...settings.queue, directory: queueDirectory(settings.queue, stateDirectory) },
    control: { ...settings.control, socket: controlSocket(settings.control, stateDirectory) },
    deliver: settings.deliver ?? (settings.queue === undefined ? "before-reply" : "queued"),
    mailer: mailerOf(settings),
    authentication,
    warnings: [
      ...orderWarnings(handlers),
      ...doubtsAbout(settings.auth).map(problem),
      ...doubtsAboutRelay(settings).map(problem),
      ...doubtsAboutForwarding(settings).map(problem),
      ...doubtsAboutKeys({ ...settings, hostname, stateDirectory }).map(problem),
      ...doubtsAboutMailer(settings).map(problem),
      ...doubtsAboutPeers(settings.listen).map(problem),
    ],
    doubtfulCertificates: doubtful.map(problem),
    targets: targetsOf({ ...settings, hostname, stateDirectory, mailer: mailerOf(settings) }),
    problem,
  };
}

/** Checks settings; those that are missing are not checked, nor checked against. */
class Checks {
  readonly #faults: Faults;
  readonly #settings: Partial<Settings>;
  readonly #wrong: ReadonlySet<keyof Settings>;
  readonly #written: Written;

  constructor({ settings, wrong, written }: ReadSettings, faults: Faults) {
    this.#faults = faults;
    this.#settings = settings;
    this.#wrong = wrong;
    this.#written = written;
  }

  /** The server's own name. */
  hostname(): string {
    const { hostname = systemHostname() } = this.#settings;
    if (!this.#wrong.has("hostname") && !isDomain(hostname)) {
      this.#faults.add(
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
      ? this.#faults.open(["users", "file"], () => new NamedUsers(users.file))
      : this.#faults.open(["users"], () => new SystemUsers(users.minUid));
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
      const open = () => new Watched(source.file, parseAliasFile);
      const opened = this.#faults.open([...path, "file"], open);
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
    const judge = (all: Aliases) => mayBeUser && this.postmaster(all, mayBeUser, hostname);
    const site = { domains, isUser, delimiter, leadsOn, handled };
    try {
      const all = new SiteAliases(written, files, site, { isUser: mayBeUser, judge });
      this.#faults.problems.push(...readers.flatMap((one) => unknownReaders(one, all, site)));
      return all;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#faults.problems.push(...error.problems);
      return undefined;
    }
  }

  /** Somebody must read the mail for postmaster. Throws a {@linkcode ConfigError}. */
  postmaster(aliases: Aliases, isUser: IsUser, hostname: string): void {
    const { domains } = this.#settings;
    if (domains === undefined) return;
    const place = this.#written.keyPlace(["postmaster"]);
    refuseUnread(aliases, isUser, { domains, hostname }, place);
  }

  /** Without a queue nothing can be queued. */
  deliver(): void {
    const { deliver, queue } = this.#settings;
    if (deliver !== "queued" || queue !== undefined || this.#wrong.has("queue")) return;
    this.#faults.add(
      ["deliver"],
      "`queued` needs a queue: remove `queue: none`, or write before-reply",
    );
  }

  /** Who the server becomes: a group goes with a user, and a user that is only a number needs one. */
  user(): void {
    const { user, group } = this.#settings;
    if (user === undefined) {
      if (group === undefined || this.#wrong.has("user")) return;
      return this.#faults.add(["group"], "it goes with `user`: set that too");
    }
    try {
      idsOf(user, group);
    } catch (error) {
      this.#faults.add(["user"], messageOf(error));
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
        this.#holds(name, options, path);
        this.#waits(name, options, path);
        return { name, place, source: { handler: ready, options } };
      }
      const own = embedded.get(name);
      if (own !== undefined) return { name, place, source: { module: own, options } };
      const module = resolve(this.#written.directory, name);
      this.#faults.open(path, () => readFileSync(module));
      return { name, place, source: { module, options } };
    });
  }

  /** A handler that sends mail on needs `relay`. */
  #relays(name: string, options: unknown, path: Path): void {
    if (this.#settings.relay !== undefined || this.#wrong.has("relay")) return;
    if (!readyMade.get(name)?.relays?.(options)) return;
    this.#faults.add(path, `\`${name}\` sends mail on, and nothing says how: ${NO_RELAY}`);
  }

  /** A handler that puts mail on hold needs the queue. */
  #holds(name: string, options: unknown, path: Path): void {
    if (this.#settings.queue !== undefined || this.#wrong.has("queue")) return;
    if (!readyMade.get(name)?.holds?.(options)) return;
    this.#faults.add(path, `\`${name}\` puts mail on hold in the queue: remove \`queue: none\``);
  }

  /** A handler that holds answers back must be done before nobody waits for it any more. */
  #waits(name: string, options: unknown, path: Path): void {
    const { limits } = this.#settings;
    const time = readyMade.get(name)?.waits?.(options);
    if (time === undefined || limits === undefined || time < limits.handlerTimeout) return;
    const [held, end] = [time, limits.handlerTimeout].map(printDuration);
    this.#faults.add(
      path,
      `\`${name}\` holds answers back for up to ${held}, and the limit \`handler-timeout\` ends it ` +
        `after ${end}: make the first shorter or the second longer`,
    );
  }

  /** The directory for what must survive a restart. */
  stateDirectory(): string {
    const directory = this.#settings.stateDirectory;
    if (directory === undefined) return defaultStateDirectory();
    // Of a server with a user, what he can do is asked once the process is his.
    if (this.#settings.user === undefined && !isWritable(directory)) {
      this.#faults.add(
        ["state-directory"],
        `the server cannot write to the directory ${directory}: make it for the server's user, or ` +
          "change its permissions",
      );
    }
    return directory;
  }

  #words(table: Extract<AliasSource, { table: unknown }>["table"], path: Path): WrittenAlias[] {
    return [
      ...wordsIn(
        table,
        (at, isKey) =>
          isKey ? this.#written.keyPlace([...path, ...at]) : this.#written.place([...path, ...at]),
      ),
    ];
  }
}

const isList = (aliases: Settings["aliases"]): aliases is readonly AliasSource[] =>
  Array.isArray(aliases);

/** Whether a handler may accept a recipient; ready-made checks do not. */
const mayAccept = ({ name, ready }: NamedHandler): boolean =>
  ready === undefined || !["checks", "counts"].includes(readyMade.get(name)?.part ?? "");
