/**
 * The defaults of the keys of the configuration.
 * @module
 */
import { type JsonSchema, jsonSchema } from "./json_schema.ts";

/** Values by the paths of keys, such as `limits.recipients`. */
export type Defaults = Readonly<Record<string, unknown>>;

/** The defaults of this version of the program, of those keys that have one. */
export const defaults = (): Defaults => Object.fromEntries(defaultsIn(jsonSchema(), []));

function defaultsIn(schema: JsonSchema, path: readonly string[]): (readonly [string, unknown])[] {
  const own = path.length === 0 || schema.default === undefined
    ? []
    : [[path.join("."), schema.default] as const];
  const parts = [...schema.anyOf ?? [], ...schema.oneOf ?? [], ...schema.allOf ?? []];
  return [
    ...own,
    ...parts.flatMap((part) => defaultsIn(part as JsonSchema, path)),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, part]) =>
      defaultsIn(part as JsonSchema, [...path, key])
    ),
  ];
}
