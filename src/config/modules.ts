/**
 * Loads the operator's handlers from modules.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../base/message_of.ts";
import { type Handler, named } from "../handler/handler.ts";
import type { HandlerEntry } from "./config.ts";

/** The handler of an entry. Throws an Error that says what is wrong with its module. */
export async function loadHandler({ name, source }: HandlerEntry): Promise<Handler> {
  if ("handler" in source) return named(name, source.handler);
  const exported = await defaultExport(source.module);
  if (typeof exported !== "function") {
    throw new Error(
      exported === undefined
        ? "the module has no default export: write `export default` before its handler"
        : `the module's default export is ${kindOf(exported)}: it must be a handler`,
    );
  }
  if (source.options === undefined) return named(name, exported as Handler);
  const made = await callFactory(exported as (options: unknown) => unknown, source.options);
  if (typeof made === "function") return named(name, made as Handler);
  throw new Error(
    `the module's default export, called with the options, gave ${
      kindOf(made)
    }: it must give a handler`,
  );
}

async function defaultExport(module: string): Promise<unknown> {
  try {
    const exports: { readonly default?: unknown } = await import(pathToFileURL(module).href);
    return exports.default;
  } catch (error) {
    throw new Error(`cannot load this module: ${explain(error)}`);
  }
}

/** A factory that gives a promise is awaited: it may have something to read first. */
async function callFactory(
  factory: (options: unknown) => unknown,
  options: unknown,
): Promise<unknown> {
  try {
    return await factory(options);
  } catch (error) {
    throw new Error(`the module's default export does not take these options: ${explain(error)}`);
  }
}

/** What was thrown, and where in which file: `boom (policy.ts:3:7)`. */
function explain(error: unknown): string {
  const [first = ""] = stripVTControlCharacters(messageOf(error)).split("\n");
  const message = first.replace(/ at file:\S+$/, "");
  const stack = error instanceof Error ? stripVTControlCharacters(error.stack ?? "") : "";
  const place = stack.matchAll(/file:\/\/([^\s()]+:\d+:\d+)/g)
    .find(([url]) => !url.startsWith(import.meta.url))?.[1];
  return place === undefined ? message : `${message} (${decodeURI(place)})`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
