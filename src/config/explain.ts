/**
 * What the schema finds wrong, said in words that help. *
 * @module
 */
import type { z } from "zod";
import type { Path } from "./document.ts";

type Issue = z.core.$ZodIssue;

/** Something wrong with the value at a path, or with the key that the path ends in. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly atKey?: boolean;
}

/** The findings behind one issue of the schema. */
export function findings(issue: Issue, around: Path = []): Finding[] {
  const path = [...around, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const lines = issue.message.split("\n");
    return issue.keys.map((key, i) => ({
      path: [...path, key],
      message: lines[i] + inside(path),
      atKey: true,
    }));
  }
  if (issue.code === "invalid_union") {
    const meant = meantOf(alternatives(issue));
    if (meant !== undefined) return meant.flatMap((one) => findings(one, path));
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    const said = issue.issues[0]?.message ?? "";
    const message = said.includes(`\`${key}\``) ? said : `\`${key}\`: ${said}`;
    return [{ path, message, atKey: true }];
  }
  if (issue.code === "custom") return [{ path, message: issue.message }];
  return [{
    path,
    message: issue.input === undefined
      ? `this is missing: it must be ${issue.message}`
      : `must be ${issue.message}; found ${describe(issue.input)}${quoted(issue)}`,
  }];
}

/** What is wrong with each of the forms that a value may have. */
function alternatives(issue: z.core.$ZodIssueInvalidUnion): readonly (readonly Issue[])[] {
  return issue.errors.flatMap((issues) => {
    const [only] = issues;
    return only?.code === "invalid_union" && only.path.length === 0 ? alternatives(only) : [issues];
  });
}

/** What is wrong with the form that was meant, as far as one can tell. */
function meantOf(all: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofItsType = all.filter((issues) => !issues.some(isWrongType));
  if (ofItsType.length === 1) return ofItsType[0];
  const withItsKeys = ofItsType.filter((issues) => !issues.some(isWrongKey));
  return withItsKeys.length === 1 ? withItsKeys[0] : undefined;
}

const isWrongType = ({ path, code }: Issue) =>
  path.length === 0 && ["invalid_type", "invalid_value", "invalid_union"].includes(code);
const isWrongKey = ({ path, code, input }: Issue) =>
  path.length === 0 ? code === "unrecognized_keys" : path.length === 1 && input === undefined;

const inside = (path: Path) => path.length === 0 ? "" : ` (in \`${printPath(path)}\`)`;

/** `handlers[0].impatient`. */
export function printPath(path: Path): string {
  return path.map((step, i) =>
    typeof step === "number" ? `[${step}]` : `${i > 0 ? "." : ""}${String(step)}`
  ).join("");
}

/** Only quotes make texts of the words for nothing. */
const quoted = ({ code, input, ...issue }: Issue): string =>
  input === null && code === "invalid_type" && "expected" in issue && issue.expected === "string"
    ? " (`null` and `~` are texts only in quotes)"
    : "";

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  return `\`${String(value)}\``;
}
