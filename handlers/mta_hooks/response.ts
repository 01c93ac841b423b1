/**
 * What an MTA hook answers.
 * @module
 */
import type { Buffer } from "node:buffer";
import { type Reply, say } from "postmaster";
import { z } from "postmaster/making";
import { FilterFault } from "../filters/failure.ts";
import { inOctets } from "../filters/fields.ts";
import { parseAnswer } from "../filters/http.ts";
import { plain } from "../plain.ts";
import type { Change } from "../filters/changes.ts";

/** A message has no NUL. */
const text = z.string().regex(/^[^\0]*$/, { error: "a text without NUL" });
const name = z.string().regex(/^[!-9;-~]{1,200}$/);
const index = z.int().min(0);
const parameters = z.record(z.string(), z.string().nullish()).default({});

const modification = z.discriminatedUnion("type", [
  z.object({ type: z.literal("changeFrom"), value: text }),
  z.object({ type: z.literal("addRecipient"), value: text, parameters }),
  z.object({ type: z.literal("deleteRecipient"), value: text }),
  z.object({ type: z.literal("replaceContents"), value: text }),
  z.object({ type: z.literal("addHeader"), name, value: text }),
  z.object({ type: z.literal("insertHeader"), index, name, value: text }),
  z.object({ type: z.literal("changeHeader"), index, name, value: text }),
  z.object({ type: z.literal("deleteHeader"), index, name }),
]);

const schema = z.object({
  action: z.enum(["accept", "discard", "reject", "quarantine"]),
  response: z.object({
    status: z.int().nullish(),
    enhancedStatus: text.nullish(),
    message: text.nullish(),
  }).nullish(),
  modifications: z.array(modification).default([]),
});

/** An answer. */
export type HookResponse = z.output<typeof schema>;

/**
 * Reads it.
 *
 * @throws {FilterFault}
 */
export function readResponse(octets: Buffer): HookResponse {
  const read = schema.safeParse(parseAnswer(octets));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new FilterFault(`its answer makes no sense: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** A modification as a change that milters make, too; none for another body. */
export function changeOf(one: HookResponse["modifications"][number]): Change | undefined {
  switch (one.type) {
    case "changeFrom":
      return { type: "change-sender", address: one.value };
    case "addRecipient": {
      const words = Object.entries(one.parameters)
        .map(([key, value]) => value == null ? key : `${key}=${value}`);
      return { type: "add-recipient", address: one.value, parameters: words.join(" ") };
    }
    case "deleteRecipient":
      return { type: "delete-recipient", address: one.value };
    case "replaceContents":
      return undefined;
    case "addHeader":
      return { type: "add-header", name: one.name, value: inOctets(one.value) };
    case "insertHeader":
      return {
        type: "insert-header",
        index: one.index,
        name: one.name,
        value: inOctets(one.value),
      };
    case "changeHeader":
      return {
        type: "change-header",
        index: one.index,
        name: one.name,
        value: inOctets(one.value),
      };
    case "deleteHeader":
      return { type: "change-header", index: one.index, name: one.name, value: "" };
  }
}

/** The reply to a message that is rejected: 4xx or 5xx, whatever the hook says. */
export function rejection({ response }: HookResponse): Reply {
  const words = response?.message && plain(response.message);
  const isTransient = Math.floor((response?.status ?? 550) / 100) === 4;
  return isTransient
    ? say(4, 5, 1, words || "try again later", "4.7.1")
    : say(5, 5, 0, words || "refused by a filter", "5.7.1");
}
