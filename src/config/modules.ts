/**
 * The handlers behind the entries of a configuration.
 * @module
 */
import { dirname } from "node:path";
import { readingIn } from "../base/reading.ts";
import { wanted } from "../base/wanted.ts";
import { definitionOf, type HandlerDefinition } from "../handler/define.ts";
import { type Handler, named } from "../handler/handler.ts";
import { faultOf, faultOfDefault } from "../modules/explain.ts";
import { ModuleFault } from "../modules/fault.ts";
import type { Exports, ModuleLoader } from "../modules/loader.ts";
import { withPatience } from "../modules/patience.ts";
import type { HandlerEntry } from "./config.ts";
import { findings, printPath } from "./explain.ts";

/** A handler that has been loaded. */
export interface LoadedHandler {
  readonly handler: Handler;
  /** Frees what it has, if nobody else has loaded the same. */
  readonly end: () => void | PromiseLike<void>;
}

/** The handler of an entry. Throws a {@linkcode ModuleFault} that says what is wrong with its module. */
export async function loadHandler(
  entry: HandlerEntry,
  loader: ModuleLoader,
): Promise<LoadedHandler> {
  const { name, source } = entry;
  const handler = await handlerOf(entry, loader);
  return { handler: "handler" in source ? handler : named(name, handler), end: using(handler) };
}

/** How often each handler that can be disposed of is in use: a module that has not changed gives the same one again. */
const uses = new Map<Handler, number>();

/** Notes that a handler is used. Returns what ends that. */
function using(handler: Handler & Partial<Disposable & AsyncDisposable>): LoadedHandler["end"] {
  const dispose = handler[Symbol.asyncDispose] ?? handler[Symbol.dispose];
  if (dispose === undefined) return () => {};
  uses.set(handler, (uses.get(handler) ?? 0) + 1);
  return () => {
    const left = uses.get(handler)! - 1;
    if (left > 0) return void uses.set(handler, left);
    uses.delete(handler);
    return dispose.call(handler);
  };
}

async function handlerOf(
  { source, place }: HandlerEntry,
  loader: ModuleLoader,
): Promise<Handler> {
  if ("handler" in source) return source.handler;
  const { module, options } = source;
  const fault = (problem: string) =>
    typeof module === "string" ? faultOfDefault(module, problem) : new ModuleFault(problem);
  const load = typeof module === "string" ? () => loader.load(module) : module;
  const exported = (await loaded(load)).default;
  if (typeof exported !== "function" || isClass(exported)) {
    throw fault(
      exported === undefined
        ? "the module has no default export: write `export default` before its handler"
        : `the module's default export is ${kindOf(exported)}: it must be a handler`,
    );
  }
  const definition = definitionOf(exported);
  if (definition !== undefined) {
    const read = readOptions(definition, options, dirname(place.file));
    return await callFactory(definition.create, read) as Handler;
  }
  if (options === undefined) return exported as Handler;
  const made = await callFactory(exported as (options: unknown) => unknown, options);
  if (typeof made === "function") return made as Handler;
  throw fault(
    `the module's default export, called with the options, gave ${
      kindOf(made)
    }: it must give a handler`,
  );
}

/** The options of a handler that a module defines. Throws a {@linkcode ModuleFault} with all that is wrong with them. */
function readOptions({ options }: HandlerDefinition, written: unknown, directory: string): unknown {
  const { data, error } = readingIn(
    directory,
    () => options.safeParse(written ?? undefined, { error: wanted, reportInput: true }),
  );
  if (error === undefined) return data;
  const found = error.issues.flatMap((issue) => findings(issue));
  throw new ModuleFault(
    found.map(({ path, message }) =>
      path.length === 0 ? message : `\`${printPath(path)}\`: ${message}`
    ).join("; "),
  );
}

async function loaded(load: () => Promise<Exports>): Promise<Exports> {
  try {
    return await withPatience(load);
  } catch (error) {
    throw faultOf(error, "cannot load this module");
  }
}

/** A factory that gives a promise is awaited: it may have something to read first. */
async function callFactory(
  factory: (options: unknown) => unknown,
  options: unknown,
): Promise<unknown> {
  try {
    return await withPatience(() => factory(options));
  } catch (error) {
    throw faultOf(error, "the module's default export does not take these options");
  }
}

/** A class can be called by `new` alone. */
const isClass = (value: unknown) => typeof value === "function" && /^class\b/.test(String(value));

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (isClass(value)) return "a class";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
