/**
 * What a server would do, in words.
 * @module
 */
import { printHop } from "../client/hop.ts";
import { existsSync } from "node:fs";
import type { Authentication } from "../auth/authentication.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import { isForUsers, printListen } from "../net/address.ts";
import { printServer } from "../relay/server.ts";
import { placesOf } from "../targets/identity.ts";
import { RECIPIENT } from "../targets/launch.ts";
import type { Config } from "./config.ts";
import { changedLimits, listenerLimits } from "./limits.ts";
import type { RelaySettings } from "./relay.ts";
import { postmasterReaders } from "./postmaster.ts";
import { printProblem } from "../base/problem.ts";

const NO_RELAY = "none: no mail leaves, and bounces reach only senders here";

/** One line a fact. */
export function describe(config: Config): string[] {
  const { hostname, listen, domains, users, aliases, mailer, relay, handlers, shadow } = config;
  const { recipientDelimiter: delimiter } = config;
  const readers = postmasterReaders(config);
  const { level, format, sinks } = config.log;
  const { stderr, file, syslog } = sinks;
  const toSyslog = syslog && ("socket" in syslog ? syslog.socket : `${syslog.host}:${syslog.port}`);
  return [
    `hostname: ${hostname}`,
    `listens on: ${listen.map(printListener).join(", ")}`,
    ...listen.some(({ kind }) => isForUsers(kind))
      ? [`submission: ${printSubmission(config)}`]
      : [],
    ...config.tls === undefined ? [] : [`tls: ${config.tls.minimum} and later`],
    ...config.authentication === undefined ? [] : [`auth: ${printAuth(config.authentication)}`],
    `accepts mail for: ${list(domains, "nobody, since `domains` is empty")}`,
    `users: ${users.count}, from ${users.source}${
      delimiter === "" ? "" : `; with \`${delimiter}\` extensions`
    }`,
    `aliases: ${aliases.count}`,
    `postmaster: ${[...new Set(readers.map(String))].join(", ")}`,
    `mailer: ${printMailer(mailer)}`,
    `relay: ${relay === undefined ? NO_RELAY : printRelay(relay)}`,
    `handlers: ${printHandlers(handlers)}`,
    ...shadow === undefined ? [] : [`shadow: ${printHandlers(shadow)}`],
    `dns: ${list(new CachingResolver(config.dns).getServers(), "what the platform asks")}`,
    `limits: ${list(changedLimits(config.limits), "the defaults")}`,
    `log: ${level} and above, as ${format}, to ${
      list([stderr ? "standard error" : "", file ?? "", toSyslog ?? ""].filter(Boolean), "nowhere")
    }`,
    ...[...config.warnings, ...config.doubtfulCertificates].map((warning) =>
      `warning: ${printProblem(warning)}`
    ),
  ];
}

const list = (items: readonly string[], none: string) => items.join(", ") || none;

const printHandlers = (handlers: Config["handlers"]): string =>
  list(handlers.map(({ name }) => name), "none of your own");

function printListener(
  { address, kind, limits, proxy, xclient, xclientLogin }: Config["listen"][number],
): string {
  const more = [
    ...kind === "smtp" ? [] : [kind],
    ...proxy === undefined ? [] : [`behind proxies at ${proxy.join(" and ")}`],
    ...xclient === undefined
      ? []
      : [`XCLIENT${xclientLogin ? " with LOGIN" : ""} from ${xclient.join(" and ")}`],
    ...listenerLimits(limits),
  ];
  return printListen(address) + (more.length === 0 ? "" : ` (${more.join(", ")})`);
}

function printRelay(relay: RelaySettings): string {
  if ("command" in relay) return relay.command.join(" ") + missing(relay.command);
  return relay.via === undefined
    ? "the exchangers of each domain"
    : `by ${relay.via.map(printServer).join(", ")}`;
}

function printSubmission({ relay, submission }: Config): string {
  const goesOn = relay !== undefined && submission.relay;
  return `mail of users to other domains ${goesOn ? "goes to `relay`" : "is refused"}`;
}

const printAuth = ({ mechanisms, listeners, clearLoopback }: Authentication): string => {
  const names = mechanisms.map(({ name }) => name).join(", ") || "no mechanism";
  const inClear = clearLoopback ? ", on this machine also without TLS" : "";
  return `${names} at listeners for ${listeners.join(", ")}${inClear}`;
};

function printMailer(mailer: Config["mailer"]): string {
  const { maildir, mbox, lmtp, command, user = RECIPIENT } = mailer;
  if (lmtp !== undefined) return printHop(lmtp);
  if (maildir !== undefined) return `maildir ${maildir.path} (as ${user})`;
  return mbox === undefined ? command.join(" ") + missing(command) : `mbox ${mbox} (as ${user})`;
}

function missing([program = ""]: readonly string[]): string {
  return placesOf(program).some((place) => existsSync(place))
    ? ""
    : " (warning: there is no such program)";
}
