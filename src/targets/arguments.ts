/**
 * The arguments of targets: checked when a target is made, when a handler answers with it, and when mail goes there.
 * @module
 */
import { z } from "zod";
import { failureOf } from "../base/tried.ts";
import { sealTarget, type Target } from "../handler/reply.ts";
import { made } from "./made.ts";

/** The arguments that targets of one name take. */
export class Arguments<T> {
  readonly #name: string;
  readonly #schema: z.ZodType<T>;
  /** What frozen arguments say. */
  readonly #known = new WeakMap<Target["args"], T>();

  constructor(name: string, schema: z.ZodType<T>) {
    this.#name = name;
    this.#schema = schema;
  }

  /**
   * Makes a target.
   *
   * @throws {TypeError} for arguments that make no sense
   */
  target(args: Target["args"]): Target {
    const target = sealTarget({ target: this.#name, args });
    this.read(target.args);
    return made(target);
  }

  /**
   * What arguments say.
   *
   * @throws {TypeError} for arguments that make no sense
   */
  read(args: Target["args"]): T {
    const known = this.#known.get(args);
    if (known !== undefined) return known;
    const { data, error } = this.#schema.safeParse(args);
    if (error !== undefined) throw new TypeError(error.issues.map(printIssue).join("; "));
    if (isFrozen(args)) this.#known.set(args, data);
    return data;
  }

  /** What is wrong with arguments, `undefined` if they make sense. */
  faultIn(args: Target["args"]): string | undefined {
    return failureOf(() => this.read(args));
  }
}

/** `argv[1]: expected string, received number`. */
const printIssue = ({ path, message }: z.core.$ZodIssue): string =>
  [z.core.toDotPath(path), message].filter(Boolean).join(": ");

/** Arguments are values and lists of values, no deeper. */
const isFrozen = (args: Target["args"]): boolean =>
  Object.isFrozen(args) && Object.values(args).every((value) => Object.isFrozen(value));
