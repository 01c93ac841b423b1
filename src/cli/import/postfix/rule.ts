/**
 * How one setting of Postfix is translated.
 * @module
 */
import type { Draft, Value } from "../draft.ts";
import type { MainCf } from "../main_cf.ts";

/** What a rule works with. */
export interface Translation {
  /** The name of the setting. */
  readonly name: string;
  /** Its value, with those of the settings that it names. */
  readonly value: string;
  readonly cf: MainCf;
  readonly draft: Draft;
  /** Where relative paths of tables begin. */
  readonly directory: string;
}

/** Puts what a setting says into the draft. */
export type Rule = (translation: Translation) => void;

/** Rules by the names of settings. */
export type Rules = Readonly<Record<string, Rule>>;

/** The value, or what `read` makes of it, under a key. */
export const under =
  (path: string, read: (value: string) => Value = (value) => value): Rule =>
  ({ name, value, draft }) => {
    if (value !== "") draft.set(path, read(value), name);
  };

/** A number under a key; 0 is Postfix's "no limit". */
export const number = (path: string): Rule => ({ name, value, draft }) => {
  if (!/^\d+$/.test(value)) draft.note(name, `\`${value}\` is no number: see \`${path}\``);
  else if (Number(value) === 0) draft.note(name, `there is always a limit here: see \`${path}\``);
  else draft.set(path, Number(value), name);
};

const UNITS: Readonly<Record<string, string>> = {
  ...{ s: "s", m: "min", h: "h", d: "d" },
};

/** A time, such as `1h`, as a duration of ours; `undefined` for what is none. */
export function durationOf(value: string, unit: string): string | undefined {
  const [, digits, letter = unit] = /^(\d+)([smhdw]?)$/.exec(value) ?? [];
  if (digits === undefined) return undefined;
  if (letter === "w") return `${Number(digits) * 7} d`;
  return `${Number(digits)} ${UNITS[letter || unit]}`;
}

/** A time under a key. @param unit the unit of a number alone */
export const duration = (path: string, unit = "s"): Rule => ({ name, value, draft }) => {
  const found = durationOf(value, unit);
  if (found === undefined) draft.note(name, `\`${value}\` is no time: see \`${path}\``);
  else draft.set(path, found, name);
};

/** Says what to do instead, unless the value is one of `harmless`. */
export const advise =
  (advice: string, ...harmless: readonly string[]): Rule => ({ name, value, draft }) => {
    if (value !== "" && !harmless.includes(value)) draft.note(name, advice);
  };
