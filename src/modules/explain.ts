/**
 * What went wrong when a module was run, in words.
 * @module
 */
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { inspect, stripVTControlCharacters } from "node:util";
import { firstOriginalPlace, withOrigins } from "../base/origin.ts";
import { tried } from "../base/tried.ts";
import { faultAt, lineAndColumn, ModuleFault } from "./fault.ts";
import { offsetOfDefault } from "./links.ts";

/**
 * The fault of the module that an error came from.
 *
 * @param doing what failed: `cannot load this module`
 */
export function faultOf(error: unknown, doing: string): ModuleFault {
  if (error instanceof ModuleFault) {
    return new ModuleFault(`${doing}: ${error.problem}`, error.place, error.source);
  }
  const said = stripVTControlCharacters(error instanceof Error ? error.message : threw(error));
  const stack = error instanceof Error ? stripVTControlCharacters(error.stack ?? "") : "";
  const place = firstOriginalPlace(`${said}\n${stack}`);
  const source = place && tried(() => Deno.readTextFileSync(new URL(place.source)));
  return new ModuleFault(`${doing}: ${inOurWords(said)}`, place, source);
}

/** Of a thrown value that is no Error, only the value is known. */
const threw = (value: unknown) => `it threw ${inspect(value, { breakLength: Infinity })}`;

/** The fault of a module whose default export is wrong or missing. */
export function faultOfDefault(file: string, problem: string): ModuleFault {
  const source = readFileSync(file, "utf8");
  return faultAt(lineAndColumn(source, offsetOfDefault(source) ?? 0), problem, file, source);
}

/** The message of V8 or Deno, without the place at its end and the excerpts and hints below it. */
function inOurWords(message: string): string {
  const [first = ""] = message.split(/\n *(?:\||at )/);
  const line = first.replace(/\s+/g, " ").replace(/^SyntaxError: /, "");
  const said = withOrigins(line.replace(/ at file:\S+$/, ""));
  const [, module = "", name] =
    /^The requested module '(.*)' does not provide an export named '(.*)'$/.exec(said) ?? [];
  return name === undefined ? said : missingExport(module, name);
}

function missingExport(module: string, name: string): string {
  if (name !== "default") {
    return `\`${module}\` exports no \`${name}\`; if it is a type, write \`import { type ${name} }\``;
  }
  const isPackage = !isAbsolute(module);
  return `\`${module}\` has no default export${
    isPackage ? "; packages from a node_modules must be ES modules" : ""
  }`;
}
