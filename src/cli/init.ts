/**
 * `postmaster init`: a first configuration and policy for this machine.
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { existsSync, lstatSync } from "node:fs";
import { isIPv6 } from "node:net";
import { dirname, join, resolve } from "node:path";
import { USUAL } from "../config/find.ts";
import { defaultStateDirectory } from "../config/state_directory.ts";
import { reverseName } from "../dns/name.ts";
import { parseListen, printListen } from "../net/address.ts";
import { printArgv } from "../targets/mailer.ts";
import { argument, each, parseIpFlag } from "./argument.ts";
import {
  choose,
  isFullName,
  lookAround,
  MAILERS,
  type Values,
  type Wishes,
} from "./init/machine.ts";
import { POLICY, transcript } from "./init/policy.ts";
import { configuration } from "./init/template.ts";

/** The unit of systemd: one's own, or the package's. Both take the usual configuration. */
const UNITS = ["/etc", "/usr/lib"].map((place) => `${place}/systemd/system/postmaster.service`);

/** Adds the command `init`. */
export function addInit(postmaster: Command): void {
  postmaster.command("init")
    .summary("write a first configuration and policy")
    .description("write a first configuration and policy, and say which DNS records to publish")
    .allowExcessArguments(false)
    .argument("[directory]", "where to write them", ".")
    .option(
      "--hostname <name>",
      "the server's full name; by default what the machine is called",
      parseName,
    )
    .option("--domain <name>", "a domain whose mail it takes; may be repeated", each(parseName))
    .option("--address <ip>", "a public address, behind NAT; may be repeated", each(parseIpFlag))
    .addOption(
      new Option("--mailer <name>", "what delivers; by default what is installed").choices(MAILERS),
    )
    .option("-l, --listen <address>", "127.0.0.1:2525, *:25; may be repeated", each(parseAddress))
    .option("--debug", "show where in the program an error came from")
    .action(init);
}

function parseName(text: string): string {
  if (isFullName(text)) return text;
  throw new InvalidArgumentError("Write a full name such as mx.example.net.");
}

const parseAddress = argument((text) => printListen(parseListen(text)));

/** Writes the files into `directory`, and says how to go on. Throws if one of them is there. */
function init(directory: string, wishes: Wishes): void {
  const place = resolve(directory);
  const values = choose(lookAround(), wishes);
  const mail = join(values.user === undefined ? place : defaultStateDirectory(), "mail");
  const files = new Map([
    [join(place, "postmaster.yaml"), configuration(values, mail)],
    [join(place, "handlers.ts"), POLICY],
    [join(place, "handlers_test.txt"), transcript(values)],
  ]);
  refuseExisting([...files.keys()]);
  Deno.mkdirSync(place, { recursive: true });
  if (values.user !== undefined) refuseClosed(place);
  for (const [path, text] of files) {
    Deno.writeTextFileSync(path, text, { createNew: true });
    Deno.chmodSync(path, 0o644); // whatever the umask is
    console.log(`wrote ${path}`);
  }
  section("To go on:", nextSteps(values, place));
  section("DNS records to publish, as in a zone file:", recordsOf(values));
  console.log(
    "\nWhoever gave you the address sets its PTR record. The TXT record (SPF) is right for a domain\n" +
      "whose mail leaves only from its MX.",
  );
}

const section = (title: string, lines: readonly string[]): void =>
  console.log(["", title, ...lines.map((line) => `  ${line}`)].join("\n"));

/** Throws if one of these paths exists, even as a symbolic link that leads nowhere. */
function refuseExisting(paths: readonly string[]): void {
  const there = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  if (there.length === 0) return;
  const [are, them] = there.length > 1 ? ["are", "them"] : ["is", "it"];
  throw new Error(
    `${there.join(" and ")} ${are} there already, so nothing was written: ` +
      `move ${them} away, or name another directory`,
  );
}

/** Throws if the account that the server becomes could not read what is in a directory. */
function refuseClosed(directory: string): void {
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if ((Deno.statSync(path).mode! & 0o005) === 0o005) continue;
    throw new Error(
      `only its owner may look into ${path}, but the account that the server becomes has to: ` +
        `chmod 755 ${path}, or name another directory, such as /etc/postmaster`,
    );
  }
}

function nextSteps({ domains, listen: [listen = ""] }: Values, place: string): string[] {
  const program = printArgv([Deno.build.standalone ? Deno.execPath() : "postmaster"]);
  const config = `--config ${printArgv([join(place, "postmaster.yaml")])}`;
  const session = printArgv([join(place, "handlers_test.txt")]);
  const server = listen.startsWith("unix:")
    ? `--socket ${printArgv([listen.replace(/^unix:|\?.*/g, "")])}`
    : `--server ${listen.replace("*", "127.0.0.1")}`;
  return [
    `${program} check ${config}`,
    `${program} simulate ${config} --show-message < ${session}`,
    join(place, "postmaster.yaml") === USUAL && UNITS.some((unit) => existsSync(unit))
      ? "systemctl start postmaster"
      : `${program} run ${config}`,
    `swaks ${server} --to postmaster@${domains[0]}`,
  ];
}

function recordsOf({ hostname, domains, addresses }: Values): string[] {
  const own = addresses.length > 0 ? addresses : ["(the public address of this machine)"];
  return [
    ...own.map((address) => `${hostname}.  ${isIPv6(address) ? "AAAA" : "A"}  ${address}`),
    ...domains.map((domain) => `${domain}.  MX  10 ${hostname}.`),
    ...addresses.map((address) => `${reverseName(address)}.  PTR  ${hostname}.`),
    ...domains.map((domain) => `${domain}.  TXT  "v=spf1 mx ~all"`),
  ];
}
