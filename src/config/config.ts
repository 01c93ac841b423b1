/**
 * A configuration that has been read, checked and found good.
 *
 * @module
 */
import type { LocalUsers } from "../../handlers/mod.ts";
import type { Handler } from "../handler/handler.ts";
import type { Exports } from "../modules/loader.ts";
import type { Targets } from "../targets/target.ts";
import type { SiteAliases } from "./aliases.ts";
import type { Finding } from "./explain.ts";
import type { Place, Problem } from "../base/problem.ts";
import type { Settings } from "./schema.ts";

/** One of the operator's handlers. */
export interface HandlerEntry {
  /** As the configuration calls it. */
  readonly name: string;
  /** Where the configuration names it. */
  readonly place: Place;
  readonly source: {
    readonly handler: Handler;
    /** As the configuration has them. */
    readonly options: unknown;
  } | {
    /** The full path of a module, or what loads one that is part of the program. */
    readonly module: string | (() => Promise<Exports>);
    /** What the module's function is called with; `undefined` if its handler needs no options. */
    readonly options: unknown;
  };
}

/** Everything that the server needs to know. */
export interface Config {
  /** The file it was read from; `undefined` if there is none. */
  readonly file: string | undefined;
  readonly hostname: string;
  readonly listen: Settings["listen"];
  readonly domains: readonly string[];
  readonly users: LocalUsers;
  readonly delimiter: string;
  readonly aliases: SiteAliases;
  readonly mailer: Settings["mailer"];
  readonly relay: Settings["relay"];
  readonly deliver: Settings["deliver"];
  readonly handlers: readonly HandlerEntry[];
  /** What is no mistake, but hardly meant. */
  readonly warnings: readonly Problem[];
  readonly dns: Settings["dns"];
  /** The full path of the directory for what must survive a restart; it need not be there yet. */
  readonly stateDirectory: string;
  readonly limits: Settings["limits"];
  readonly tolerated: Settings["tolerate"];
  readonly log: Settings["log"];
  /** Who the server becomes if root starts it; `undefined` for nobody else. */
  readonly user: Settings["user"];
  readonly group: Settings["group"];
  /** Modules of the operator's may run as root. */
  readonly handlersAsRoot: boolean;
  /** Whom programs of handlers may run as once the server is no longer root. */
  readonly runAs: Settings["runAs"];
  /** Full paths; `undefined` if the configuration names none. */
  readonly pidFile: string | undefined;
  readonly spoolDirectory: string | undefined;
  /** The targets that handlers may name. */
  readonly targets: Targets;
  /** What is wrong with a setting, and where that stands. */
  readonly problem: (finding: Finding) => Problem;
  /**
   * The same configuration, with all files that it names read as the user that this process is now.
   *
   * @throws {ConfigError} for those that he may not read
   */
  readonly again: () => Config;
}
