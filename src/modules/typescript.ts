/**
 * TypeScript to JavaScript, for programs that are compiled and so have no TypeScript in them.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { faultAt, ModuleFault } from "./fault.ts";

/** True for a file that has types in it. */
export const isTypeScript = (file: string): boolean => /\.m?ts$/.test(file);

/** What the compiler throws: it is no Error. */
interface Complaint {
  readonly message: string;
  /** From 1. */
  readonly startLine: number;
  /** From 0. */
  readonly startColumn: number;
}

/** Four megabytes, which only handlers in TypeScript need. */
const compiler = () => import("@swc/wasm-typescript");

/** Loads the compiler before its use, for a process that gives up the right to read it. */
export const loadCompiler = async (): Promise<void> => void await compiler();

/**
 * Replaces all types with spaces, so that lines and columns stay as they are.
 *
 * @throws {ModuleFault} for what is no TypeScript, or is more than types
 */
export async function stripTypes(source: string, file: string): Promise<string> {
  const { transformSync } = await compiler();
  try {
    return transformSync(source, { mode: "strip-only", module: true, filename: file }).code;
  } catch (error) {
    const { message, startLine, startColumn } = error as Partial<Complaint>;
    if (message === undefined || startLine === undefined || startColumn === undefined) {
      throw new ModuleFault(messageOf(error));
    }
    const place = { line: startLine, column: startColumn + 1 };
    throw faultAt(place, inOurWords(message), file, source);
  }
}

function inOurWords(message: string): string {
  const [unsupported, what] = / *(.*) is not supported in strip-only mode/.exec(message) ?? [];
  return unsupported === undefined
    ? message
    : `${what} needs more than its types taken away: write it in JavaScript`;
}
