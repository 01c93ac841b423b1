/**
 * `postmaster vars`: shows and sets the variables that persist, also while the server runs.
 * @module
 */
import { existsSync } from "node:fs";
import { type Config, findConfig, loadConfig } from "../config/mod.ts";
import { credentialsOf, startedByRoot } from "../daemon/credentials.ts";
import { makeDirectories } from "../daemon/directory.ts";
import { printable } from "../log/escape.ts";
import { Table, type VariableRow, variablesFile } from "../store/table.ts";

/** The flags of these commands. */
export interface VarsFlags {
  /** The configuration; it names the state directory. */
  readonly config?: string;
  /** Print a JSON object a line. */
  readonly json?: boolean;
  /** Milliseconds. */
  readonly ttl?: number;
}

/** Prints the variables whose names begin with `prefix`. */
export function list(prefix: string, flags: VarsFlags): void {
  using table = openTable(flags);
  const rows = (table?.load(Date.now()) ?? [])
    .filter(({ name }) => name.startsWith(prefix))
    .toSorted((a, b) => a.name < b.name ? -1 : 1);
  if (flags.json) rows.forEach(printJson);
  else if (rows.length > 0) printColumns(rows);
}

/** Prints the value of a variable. Throws if it has none. */
export function get(name: string, flags: VarsFlags): void {
  using table = openTable(flags);
  const row = table?.find(name, Date.now()) ?? missing(name);
  if (flags.json) printJson(row);
  else console.log(printable(row.json));
}

/** Sets a variable. Without `ttl` the variable keeps the one that it has; a new variable has none. */
export function set(name: string, value: unknown, flags: VarsFlags): void {
  const config = ownConfig(flags);
  if (startedByRoot()) makeDirectories(config, credentialsOf(config));
  using table = new Table(variablesFile(config.stateDirectory));
  const now = Date.now();
  const ttl = flags.ttl ?? table.find(name, now)?.ttl ?? null;
  table.write([{ name, json: JSON.stringify(value), ttl, expires: ttl && now + ttl }], now);
}

/** Forgets a variable. Throws if it has no value. */
export function unset(name: string, flags: VarsFlags): void {
  using table = openTable(flags);
  const now = Date.now();
  const row = table?.find(name, now) ?? missing(name);
  table?.write([{ ...row, json: null }], now);
}

const ownConfig = ({ config = findConfig() }: VarsFlags): Config => loadConfig(config);

/** The table; `undefined` if there is none yet. */
function openTable(flags: VarsFlags): Table | undefined {
  const file = variablesFile(ownConfig(flags).stateDirectory);
  return existsSync(file) ? new Table(file) : undefined;
}

function missing(name: string): never {
  throw new Error(`\`${name}\` has no value: \`postmaster vars list\` shows all that have one`);
}

/** When a variable is forgotten; `null` is never. */
const date = ({ expires }: VariableRow): string | null =>
  expires === null ? null : new Date(expires).toISOString();

function printJson(row: VariableRow): void {
  const value: unknown = JSON.parse(row.json);
  console.log(printable(JSON.stringify({ name: row.name, value, expires: date(row) })));
}

function printColumns(rows: readonly VariableRow[]): void {
  const lines = [
    ["NAME", "EXPIRES", "VALUE"],
    ...rows.map((row) => [row.name, date(row) ?? "never", row.json]),
  ];
  const width = (column: number) => Math.max(...lines.map((line) => line[column]!.length));
  const [names, dates] = [width(0), width(1)];
  for (const [name = "", date = "", value = ""] of lines) {
    console.log(printable(`${name.padEnd(names)}  ${date.padEnd(dates)}  ${value}`));
  }
}
