/**
 * Postfix's main.cf: settings of names and values, in which other settings can be named.
 * @module
 */

/** A line that is no setting. */
export interface StrayLine {
  readonly line: number;
  readonly text: string;
}

/** What Postfix has where main.cf does not say it, of settings that others name. */
const DEFAULTS: Readonly<Record<string, string>> = {
  config_directory: "/etc/postfix",
  queue_directory: "/var/spool/postfix",
  data_directory: "/var/lib/postfix",
  default_database_type: "hash",
  mail_name: "Postfix",
  myorigin: "$myhostname",
  mydestination: "$myhostname, localhost.$mydomain, localhost",
};

/** As deep settings may name others: more is a circle. */
const DEPTH = 20;

/** The settings of a main.cf. */
export class MainCf {
  readonly #written: ReadonlyMap<string, string>;
  readonly strays: readonly StrayLine[];

  constructor(text: string) {
    const written = new Map<string, string>();
    const strays: StrayLine[] = [];
    for (const { line, text: one } of logicalLines(text)) {
      const [, name, value] = /^(\w+)\s*=\s*(.*?)\s*$/s.exec(one) ?? [];
      if (name === undefined) strays.push({ line, text: one });
      else written.set(name, value!); // the last one counts
    }
    this.#written = written;
    this.strays = strays;
  }

  /** The names of all settings, in the order in which they are written. */
  get names(): readonly string[] {
    return [...this.#written.keys()];
  }

  /** The value of a setting as it is written; empty if it is not. */
  rawOf(name: string): string {
    return this.#written.get(name) ?? "";
  }

  /** The value of a setting that is written, with those of the settings that it names. */
  get(name: string): string | undefined {
    const written = this.#written.get(name);
    return written === undefined ? undefined : this.#expanded(written, DEPTH);
  }

  /** As {@linkcode get}, or else Postfix's default. */
  valueOf(name: string): string {
    return this.get(name) ?? this.#expanded(this.#defaultOf(name), DEPTH);
  }

  /** The parts of a list, which commas or white space separate. */
  list(name: string): readonly string[] {
    return listOf(this.valueOf(name));
  }

  #defaultOf(name: string): string {
    if (name === "mydomain") return this.valueOf("myhostname").replace(/^[^.]*\./, "");
    return DEFAULTS[name] ?? "";
  }

  #expanded(value: string, depth: number): string {
    if (depth === 0) return value;
    const named = (name: string) =>
      this.#expanded(this.#written.get(name) ?? this.#defaultOf(name), depth - 1);
    return value.replace(
      /\$(?:\$|(\w+)|[({](\w+)(?:([?:])([^{}()]*|\{[^{}]*\}))?[)}])/g,
      (whole, bare?: string, name?: string, mark?: string, text = "") => {
        if (whole === "$$") return "$";
        const found = named(bare ?? name!);
        if (mark === undefined) return found;
        const then = this.#expanded(text.replace(/^\{(.*)\}$/s, "$1"), depth - 1);
        return (mark === "?") === (found !== "") ? then : "";
      },
    );
  }
}

/** The parts of a list, which commas or white space separate. */
export const listOf = (text: string): readonly string[] =>
  text.split(/[\s,]+/).filter((part) => part !== "");

/** Lines without comments; white space at the beginning of a line continues the one before it. */
export function logicalLines(text: string): { readonly line: number; readonly text: string }[] {
  const found: { line: number; text: string }[] = [];
  text.split(/\r?\n/).forEach((one, i) => {
    if (/^\s*(?:#|$)/.test(one)) return;
    const last = found.at(-1);
    if (/^\s/.test(one) && last !== undefined) last.text += ` ${one.trim()}`;
    else found.push({ line: i + 1, text: one.trim() });
  });
  return found;
}
