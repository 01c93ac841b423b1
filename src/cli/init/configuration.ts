/**
 * The text of a first `postmaster.yaml`.
 *
 * @module
 */
import { stringify } from "yaml";
import { printable } from "../../log/escape.ts";
import type { Plan } from "./plan.ts";

/** The names of the files, beside each other. */
export const FILES = {
  configuration: "postmaster.yaml",
  handlers: "handlers.ts",
  transcript: "handlers_test.txt",
} as const;

/** A value on one line. */
const yaml = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 })
    .trimEnd();

/** Columns of a comment. */
const WIDTH = 100;

/** Text as a comment, as many lines as it takes. */
function comment(text: string): string {
  const lines = [""];
  for (const word of printable(text).split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length < WIDTH) lines[lines.length - 1] = longer;
    else lines.push(` ${word}`);
  }
  return lines.map((line) => `#${line}\n`).join("");
}

/** The configuration that a plan makes, with the reason for each choice. */
export function configuration(plan: Plan): string {
  const { hostname, domains, listen, users, mailer, user } = plan;
  return [
    comment(
      "A configuration for this machine, written by `postmaster init`: what it could find out, and why. " +
        "`postmaster check --config postmaster.yaml` says what comes of it.",
    ),
    comment(`The name in the greeting and in Received: ${hostname.why}.`) +
    `hostname: ${yaml(hostname.value)}\n`,
    comment(`Where clients connect: ${listen.why}.`) +
    `listen: ${yaml(listen.value.length === 1 ? listen.value[0] : listen.value)}\n`,
    ...userSection(plan),
    comment(
      `The domains whose mail is for here: ${domains.why}. Mail for all others is refused.`,
    ) + `domains: ${yaml(domains.value)}\n`,
    comment(`Who has a mailbox in them: ${users.why}.`) + `users: ${yaml(users.value)}\n`,
    aliases(plan),
    comment(`How mail reaches them: ${mailer.value}, ${mailer.why}. ${mailer.where}`) +
    `mailer:\n${command(mailer.command)}` +
    (user !== undefined && mailer.asRoot === true ? AS_ROOT : ""),
    comment(
      `Your own policy, around all of the above. ${FILES.transcript} is a session that tests it.`,
    ) + `handlers: [./${FILES.handlers}]\n`,
    log(plan),
  ].join("\n");
}

/** Root starts a launcher for it, and that runs nothing else. */
const AS_ROOT = `${comment("It becomes its user by itself.")}  user: root\n`.replace("#", "  #");

function command(words: readonly string[]): string {
  const line = `  command: ${yaml(words)}\n`;
  if (line.length <= WIDTH) return line;
  return `  command:\n${words.map((word) => `    - ${yaml(word)}\n`).join("")}`;
}

/** The account to give up root for. */
function userSection({ user }: Plan): string[] {
  if (user === undefined) return [];
  return [
    comment(`The user that the server becomes once it listens: ${user.why}.`) +
    `user: ${yaml(user.value)}\n`,
  ];
}

/** The addresses that must or should be read (RFC 5321 section 4.5.1, RFC 2142 section 4), and root's. */
function aliases({ postmaster, users }: Plan): string {
  const isUser = users.value.includes("postmaster");
  const key =
    comment(`Who reads the mail for postmaster, which every domain must have: ${postmaster.why}.`) +
    `postmaster: ${yaml(postmaster.value)}\n\n`;
  return (isUser ? "" : key) + comment("Other names, and who gets their mail.") +
    stringify({ aliases: { abuse: "postmaster", root: "postmaster" } });
}

function log({ systemd }: Plan): string {
  const journal = systemd ? ", which systemd keeps in its journal" : "";
  return comment(`The log goes to the standard error${journal}.`) + "log:\n  level: info\n";
}
