/**
 * The schema of the configuration as JSON Schema, for editors: they complete keys, explain them and underline mistakes.
 * @module
 */
import { z } from "zod";
import { settingsSchema } from "./schema.ts";

/** A JSON Schema of draft 7, which is what editors know best, or a part of one. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of what may be written in `postmaster.yaml`. */
export function jsonSchema(): JsonSchema {
  return z.toJSONSchema(settingsSchema, {
    io: "input",
    target: "draft-07",
    override: ({ zodSchema, jsonSchema }) => complete(jsonSchema, zodSchema),
  });
}

/** What zod leaves out, and what it should have left out. */
function complete(schema: JsonSchema, of: z.core.$ZodType): void {
  const meta = z.globalRegistry.get(of);
  // Examples are of what is written, though zod takes them for what is read.
  if (Array.isArray(meta?.examples)) schema.examples = meta.examples;
  const title = schema.title ?? wantedBy(of);
  if (title !== undefined && schema.minimum === undefined) schema.title = title;
  if (schema.pattern !== undefined && schema.title !== undefined) {
    schema["patternErrorMessage"] ??= `must be ${schema.title}`; // what editors say instead of the pattern
  }
  // These bounds are those of all integers.
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** What a schema says that it wants, by the convention of `wanted()`. */
function wantedBy(schema: z.core.$ZodType): string | undefined {
  const say = schema._zod.def.error as z.core.$ZodErrorMap | undefined;
  const said = say?.({ code: "invalid_type", expected: "string", input: undefined, inst: schema });
  return typeof said === "string" ? said : said?.message;
}

/** The JSON Schema as a text: the file in the documentation, and what `postmaster schema` prints. */
export const printJsonSchema = (): string => `${JSON.stringify(jsonSchema(), undefined, 2)}\n`;
