/**
 * What the command line says instead of the configuration.
 * @module
 */
import { resolve } from "node:path";
import type { Document, Path } from "./document.ts";
import { type Finding, printPath } from "./explain.ts";
import type { Place, Problem } from "../base/problem.ts";
import { isModule } from "../handler/entry.ts";

/** Values of flags; they pass through the same schema as the file. */
export interface Overrides {
  readonly listen?: readonly string[];
  /** Paths of modules are relative to the current directory. */
  readonly handlers?: readonly string[];
  readonly hostname?: string;
  readonly logLevel?: string;
  readonly user?: string | undefined;
  readonly handlersAsRoot?: boolean;
}

interface Flag {
  readonly flag: string;
  readonly path: Path;
}

const FLAGS: { readonly [K in keyof Overrides]-?: Flag } = {
  listen: { flag: "--listen", path: ["listen"] },
  handlers: { flag: "--handlers", path: ["handlers"] },
  hostname: { flag: "--hostname", path: ["hostname"] },
  logLevel: { flag: "--log-level", path: ["log", "level"] },
  user: { flag: "--user", path: ["user"] },
  handlersAsRoot: { flag: "--handlers-as-root", path: ["handlers-as-root"] },
};

/** A configuration as it was written, in the file and on the command line. */
export class Written {
  readonly value: unknown;
  /** Where the paths in it begin. */
  readonly directory: string;
  readonly #document: Document;
  readonly #flags: readonly Flag[];

  constructor(document: Document, directory: string, overrides: Overrides) {
    this.#document = document;
    this.directory = directory;
    const given = (Object.keys(FLAGS) as (keyof Overrides)[])
      .filter((name) => overrides[name] !== undefined);
    this.#flags = given.map((name) => FLAGS[name]);
    const values = {
      ...overrides,
      handlers: overrides.handlers?.map((name) => isModule(name) ? resolve(name) : name),
    };
    this.value = given.reduce(
      (value: unknown, name) => replace(value, FLAGS[name].path, values[name]),
      document.value,
    );
  }

  /** Where the value under a path stands: in the file, or behind which flag. */
  place(path: Path): Place {
    const flag = this.#flagOf(path);
    return flag === undefined ? this.#document.place(path) : { file: flag };
  }

  /** As {@linkcode Written.place}, of the key that the path ends in. */
  keyPlace(path: Path): Place {
    const flag = this.#flagOf(path);
    return flag === undefined ? this.#document.keyPlace(path) : { file: flag };
  }

  /** A finding as a problem. */
  problem({ path, message, atKey }: Finding): Problem {
    if (atKey) return { ...this.keyPlace(path), message };
    const named = path.length === 0 || this.#flagOf(path) !== undefined;
    const name = named ? "" : `\`${printPath(path)}\`: `;
    return { ...this.place(path), message: name + message };
  }

  /** What the file has for the number, `true` or `false` under a path; `undefined` if there is none. */
  text(path: Path): string | undefined {
    return this.#flagOf(path) === undefined ? this.#document.written(path) : undefined;
  }

  #flagOf(path: Path): string | undefined {
    return this.#flags.find((one) => one.path.every((step, i) => step === path[i]))?.flag;
  }
}

/** A copy of `value` with something else under `path`; what is no mapping stays, since it is wrong anyway. */
export function replace(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (value === undefined) value = {};
  if (Array.isArray(value)) return value.with(Number(step), replace(value[Number(step)], rest, by));
  if (!isMapping(value)) return value;
  return { ...value, [step]: replace(value[String(step)], rest, by) };
}

/** True for a mapping of a configuration. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
