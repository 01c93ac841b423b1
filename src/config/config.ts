/**
 * A configuration that has been read, checked and found good.
 * @module
 */
import type { Authentication } from "../auth/authentication.ts";
import type { LocalUsers } from "../../handlers/mod.ts";
import type { Place, Problem } from "../base/problem.ts";
import type { Handler } from "../handler/handler.ts";
import type { Exports } from "../modules/loader.ts";
import type { DeliveryTime, Targets } from "../targets/target.ts";
import type { SiteAliases } from "./aliases.ts";
import type { Finding } from "./explain.ts";
import type { ControlSettings } from "./control.ts";
import type { Written } from "./overrides.ts";
import type { QueueSettings } from "./queue.ts";
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

/** Everything that the server needs to know: the settings, with their defaults, and what they name. */
export interface Config extends
  Omit<
    Settings,
    "hostname" | "users" | "aliases" | "postmaster" | "handlers" | "queue" | "deliver" | "control"
  > {
  /** The file it was read from; `undefined` if there is none. */
  readonly file: string | undefined;
  readonly hostname: string;
  readonly users: LocalUsers;
  readonly aliases: SiteAliases;
  readonly handlers: readonly HandlerEntry[];
  /** What is no mistake, but hardly meant. */
  readonly warnings: readonly Problem[];
  /** What is doubtful about the certificates; the server logs it itself, each day. */
  readonly doubtfulCertificates: readonly Problem[];
  /** The full path of the directory for what must survive a restart; it need not be there yet. */
  readonly stateDirectory: string;
  /** The queue, with the full path of its directory, which need not be there yet; `undefined` if there is none. */
  readonly queue: (QueueSettings & { readonly directory: string }) | undefined;
  /** The control socket, with its full path. */
  readonly control: ControlSettings & { readonly socket: string };
  /** When mail is delivered. */
  readonly deliver: DeliveryTime;
  /** How clients authenticate; `undefined` if they cannot. */
  readonly authentication: (Authentication & Disposable) | undefined;
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
  /**
   * The configuration that is in the file now. What may not change while the server runs is as in this one.
   *
   * @throws {ConfigError} with all that is wrong
   */
  readonly anew: () => Config;
  /** The text that it was read from. */
  readonly text: string;
  /** What was written, and where. */
  readonly written: Written;
}
