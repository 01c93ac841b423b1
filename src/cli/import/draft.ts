/**
 * A configuration that is made of the settings of another mail server.
 * @module
 */
import { Document, isMap, isScalar } from "yaml";

/** A value in YAML. */
export type Value = string | number | boolean | readonly Value[] | {
  readonly [key: string]: Value;
};

/** What could not be translated, or has to be looked at. */
export interface Note {
  /** The setting, as the other server names it. */
  readonly setting: string;
  /** What to do about it. */
  readonly advice: string;
}

/** The configuration, as far as it is known. */
export class Draft {
  readonly #settings: Record<string, Value> = {};
  readonly #sources = new Map<string, Set<string>>();
  readonly #handlers: Value[] = [];
  readonly #notes: Note[] = [];

  /** What has to be looked at, in the order in which it was found. */
  get notes(): readonly Note[] {
    return this.#notes;
  }

  note(setting: string, advice: string): void {
    this.#notes.push({ setting, advice });
  }

  /** Sets what stands under the keys of a path, such as `limits.message-size`. */
  set(path: string, value: Value, setting: string): void {
    const keys = path.split(".");
    const last = keys.pop()!;
    let place = this.#settings;
    for (const key of keys) {
      const inner = place[key];
      place = place[key] = isMapping(inner) ? { ...inner } : {};
    }
    place[last] = value;
    this.#cite(path.split(".")[0]!, setting);
  }

  /** Adds to the list under a key; what is there already is not added again. */
  add(key: string, values: readonly Value[], setting: string): void {
    const there = (this.#settings[key] ?? []) as readonly Value[];
    const fresh = values.filter((value) => !there.some((one) => isSame(one, value)));
    if (fresh.length > 0) this.set(key, [...there, ...fresh], setting);
  }

  /** Adds a handler within those that are there. */
  handler(handler: Value, setting: string): void {
    if (this.#handlers.some((one) => isSame(one, handler))) return;
    this.#handlers.push(handler);
    this.#cite("handlers", setting);
  }

  /** What is under a path. */
  get(path: string): Value | undefined {
    return path.split(".").reduce<Value | undefined>(
      (value, key) => (Object(value) as Record<string, Value>)[key],
      this.#settings,
    );
  }

  /** The configuration in YAML, with a comment that names the settings of which each key was made. */
  print(title: string): string {
    const known = KEYS.filter((key) => key in this.#settings);
    const ordered: Record<string, Value> = {};
    for (const key of known) ordered[key] = this.#settings[key]!;
    if (this.#handlers.length > 0) ordered["handlers"] = this.#handlers;
    const document = new Document(ordered);
    if (isMap(document.contents)) {
      for (const { key } of document.contents.items) {
        if (!isScalar(key)) continue;
        const from = this.#sources.get(String(key.value));
        if (from !== undefined) key.commentBefore = ` ${[...from].join(", ")}`;
        key.spaceBefore = key !== document.contents.items[0]?.key;
      }
    }
    document.commentBefore = ` ${title}`;
    return document.toString({ lineWidth: 110 });
  }

  #cite(key: string, setting: string): void {
    const sources = this.#sources.get(key) ?? new Set();
    this.#sources.set(key, sources.add(setting));
  }
}

const isMapping = (value: Value | undefined): value is Record<string, Value> =>
  typeof value === "object" && !Array.isArray(value);

const isSame = (one: Value, other: Value): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The order of the keys; handlers come last. */
const KEYS = [
  ...["hostname", "listen", "tls", "auth", "submission", "domains", "users"],
  ...["recipient-delimiter", "aliases", "postmaster", "mailer", "relay", "queue", "deliver"],
  ...["limits", "log"],
];
