/**
 * The part of the schema that is about mail that goes its own way: by the domain of its recipient, or by its sender.
 * @module
 */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { cannotRead } from "../base/cannot_read.ts";
import { attempt, chosen, location, options } from "../base/kinds.ts";
import { messageOf } from "../base/message_of.ts";
import { oneOf } from "../base/nearest.ts";
import { ConfigError, type Problem } from "../base/problem.ts";
import { Watched } from "../base/watched.ts";
import { parseHop } from "../client/hop.ts";
import { DomainTable, parseDomainKey } from "../dns/domain_table.ts";
import { type Route, type Routes, SenderTable } from "../relay/routes.ts";
import type { Server } from "../relay/server.ts";
import { TLS_MODES } from "../security/security.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { isMapping } from "./overrides.ts";
import { openPassword } from "./login.ts";
import { serverOf, serversSchema, type WrittenServer } from "./relay_server.ts";

type Entries = readonly (readonly [string, Route])[];

/** A kind of tables: what its keys are, and what is made of its entries. */
interface Kind<K> {
  /** Throws a TypeError for what is no key. */
  readonly parseKey: (text: string) => string;
  readonly make: (entries: Entries) => Routes<K>;
  /** A line of a file. */
  readonly example: string;
}

const BY_DOMAIN: Kind<string> = {
  parseKey: parseDomainKey,
  make: (entries) => {
    const table = new DomainTable<Route | undefined>(entries, undefined);
    return {
      get: (domain) => table.get(domain),
      values: () => table.values().filter((one) => one !== undefined),
    };
  },
  example: "example.net smtp://relay.example.net:587",
};

const BY_SENDER: Kind<Mailbox> = {
  parseKey: (text) =>
    text.indexOf("@") > 0 ? Mailbox.parse(text).foldedKey : parseDomainKey(text.replace(/^@/, "")),
  make: (entries) => new SenderTable(entries),
  example: "joe@example.org smtp://relay.example.net:587",
};

/** A file whose table is read again when it changes. */
function openTable<K>(file: string, { parseKey, make, example }: Kind<K>): Routes<K> {
  try {
    const watched = new Watched(file, (text) => make(parseRoutes(text, file, parseKey, example)));
    return {
      get: (key) => watched.value.get(key),
      values: () => watched.value.values(),
      get trouble() {
        return watched.trouble;
      },
    };
  } catch (error) {
    throw error instanceof ConfigError ? error : new TypeError(cannotRead(error));
  }
}

/** A part of a line. */
interface Word {
  readonly text: string;
  readonly column: number;
}

/** Reads lines of a key and a route. `#` begins a comment. Throws a {@linkcode ConfigError}. */
function parseRoutes(
  text: string,
  file: string,
  parseKey: Kind<unknown>["parseKey"],
  example: string,
): Entries {
  const problems: Problem[] = [];
  const entries = text.split("\n").flatMap((line, i): Entries => {
    const words = wordsOf(line);
    const [key, ...others] = words;
    if (key === undefined) return [];
    const at = <T>(word: Word, read: () => T): T | undefined => {
      try {
        return read();
      } catch (error) {
        problems.push({ file, line: i + 1, column: word.column, message: messageOf(error) });
        return undefined;
      }
    };
    const parsed = at(key, () => parseKey(key.text));
    const route = at(others[0] ?? key, () => {
      if (others.length === 0) throw new TypeError(`a line must be \`${example}\``);
      return routeOf(others, dirname(file));
    });
    return parsed === undefined || route === undefined ? [] : [[parsed, route]];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return entries;
}

const wordsOf = (line: string): Word[] =>
  Array.from(line.replace(/(^|\s)#.*/, "").matchAll(/[^\s,]+|,/g), ({ 0: text, index }) => ({
    text,
    column: index + 1,
  }));

/** `mx`, or servers with commas between them. */
function routeOf(words: readonly Word[], directory: string): Route {
  if (words.length === 1 && words[0]!.text === "mx") return "mx";
  const servers: string[][] = [[]];
  for (const { text } of words) {
    if (text === ",") servers.push([]);
    else servers.at(-1)!.push(text);
  }
  return servers.map((words) => serverIn(words, directory));
}

/** What may be said of a server, after its URL. */
const MORE: Readonly<Record<string, (value: string, directory: string) => Partial<WrittenServer>>> =
  {
    user: (user) => ({ user }),
    "password-file": (file, directory) => ({
      passwordFile: openPassword(resolve(directory, file)),
    }),
    tls: (value) => {
      const tls = TLS_MODES.find((mode) => mode === value);
      if (tls === undefined) throw new TypeError(`\`tls=${value}\`: use ${oneOf(TLS_MODES)}`);
      return { tls };
    },
    priority: (value) => ({ priority: numberIn("priority", value, 0) }),
    weight: (value) => ({ weight: numberIn("weight", value, 1) }),
  };

/** `smtp://relay.example.net:587 user=joe password-file=joe.password`. */
function serverIn([url = "", ...more]: readonly string[], directory: string): Server {
  const hop = parseHop(url);
  const said = more.map((word) => {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    const read = MORE[name];
    if (read !== undefined) return read(value, directory);
    throw new TypeError(
      `\`${name || word}\` is nothing that is said of a server: use ${
        oneOf(Object.keys(MORE))
      }, as in user=joe`,
    );
  });
  return serverOf(Object.assign({ url: hop }, ...said));
}

function numberIn(name: string, value: string, least: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (number >= least) return number;
  throw new TypeError(`\`${name}=${value}\` needs a whole number, ${least} or more`);
}

const route: z.ZodType<Route> = chosen(
  (value): z.ZodType<Route> => value === "mx" ? z.literal("mx") : serversSchema,
  () => z.union([z.literal("mx"), serversSchema]),
);

/** A mapping of keys and routes, or a file of them. */
function tableOf<K>(kind: Kind<K>): z.ZodType<Routes<K>, unknown> {
  const file = options({
    file: location.transform(attempt((path) => openTable(path, kind))).describe(
      `A file with lines such as \`${kind.example}\`; several servers have commas between them, and ` +
        "`user=`, `password-file=`, `tls=`, `priority=` and `weight=` may follow each. `#` begins a comment. The " +
        "file is read again when it changes; while it has a mistake, its last content counts.",
    ).meta({ examples: ["routes.txt"] }),
  }).transform(({ file }) => file);
  const error = `a mapping such as \`${kind.example.replace(" ", ": ")}\`, or \`{file: PATH}\``;
  const key = z.string().transform(attempt(kind.parseKey));
  const mapping = z.record(key, route, { error })
    .transform((record) => kind.make(Object.entries(record)));
  const isFile = (value: unknown) => isMapping(value) && Object.keys(value).join() === "file";
  return chosen(
    (value): z.ZodType<Routes<K>> => isFile(value) ? file : mapping,
    () => z.union([file, mapping]),
  );
}

export const routesSchema: z.ZodType<Routes<string>, unknown> = tableOf(BY_DOMAIN);
export const bySenderSchema: z.ZodType<Routes<Mailbox>, unknown> = tableOf(BY_SENDER);
