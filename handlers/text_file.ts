/**
 * Files that handlers look recipients up in.
 *
 * @module
 */
import { chain, type Handler, isUnclaimed, on, say } from "postmaster";
import { Watched } from "postmaster/making";

const IN_DOUBT = say(4, 5, 1, "cannot tell now, try again later", "4.3.0");

/** What `read` makes of each line that says something; `#` starts a comment. What it throws gets the line's number. */
export function eachLine<T>(text: string, read: (line: string, number: number) => T): T[] {
  return text.split("\n").flatMap((whole, i) => {
    const line = whole.replace(/#.*/, "").trim();
    if (line === "") return [];
    try {
      return [read(line, i + 1)];
    } catch (error) {
      throw new TypeError(`line ${i + 1}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

/** A file that is read when it is first needed, and again whenever it changes. */
export class TextFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #file: Watched<T> | undefined;
  #trouble: string | undefined;

  /** @param parse throws for a text that makes no sense */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  /** What it says; what it said last if it cannot be read, `undefined` if it never could. */
  get value(): T | undefined {
    try {
      this.#file ??= new Watched(this.#path, this.#parse);
      this.#trouble = undefined;
      return this.#file.value;
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  /** Why `value` may not be what it should, `undefined` if it is. */
  get trouble(): string | undefined {
    void this.value;
    return this.#trouble ?? this.#file?.trouble;
  }

  /** `handler`, but recipients that nobody has are deferred while the file cannot be read. */
  deferringUnknown(handler: Handler): Handler {
    const guard = on("AddRcptTo", async (_event, next, session) => {
      const reply = await next();
      const trouble = isUnclaimed(reply) ? this.trouble : undefined;
      if (trouble === undefined) return reply;
      session.log("cannot read the file of recipients", { file: this.#path, trouble });
      return IN_DOUBT;
    });
    const both = chain(guard, handler);
    return (event, next, session) => both(event, next, session);
  }
}
