/**
 * `postmaster probe` on the command line.
 * @module
 */
import { type Command, Option } from "commander";
import { parseHop } from "../../client/hop.ts";
import {
  type Config,
  findConfig,
  loadConfig,
  relaySchema,
  sendingOf,
  type SmtpRelay,
  stsDirectory,
  stsOptions,
} from "../../config/mod.ts";
import { CachingResolver } from "../../dns/caching_resolver.ts";
import { canonicalName } from "../../dns/name.ts";
import { printable } from "../../log/escape.ts";
import { silent } from "../../log/event.ts";
import { TLS_MODES, type TlsMode } from "../../security/security.ts";
import { stsPolicies } from "../../security/sts/sts_policies.ts";
import { isDomain, Mailbox } from "../../smtp/mailbox.ts";
import { argument, each } from "../argument.ts";
import { parseAddress } from "../client_flags.ts";
import { KeptPolicies } from "./kept_policies.ts";
import { AskingResolver } from "../asking_resolver.ts";
import { printProbe } from "./print.ts";
import { probe } from "./probe.ts";

/** The sender of a flag: commander takes a `null` for a flag without a value. */
interface Sender {
  /** `null` for the null path. */
  readonly mailbox: Mailbox | null;
}

const NULL_PATH: Sender = { mailbox: null };

interface Flags {
  readonly config?: string;
  readonly from?: Sender;
  readonly via?: readonly string[];
  readonly tls?: TlsMode;
  readonly login?: boolean;
  readonly json?: boolean;
}

/**
 * Adds the command `probe`.
 *
 * @param failed called if mail would not go
 */
export function addProbe(postmaster: Command, failed: () => void): void {
  postmaster.command("probe")
    .summary("ask a domain's servers all but to take mail")
    .description(
      "show what would happen to mail for a domain: its servers, what is demanded of them, and what " +
        "they say before a message",
    )
    .argument("<domain>", "a domain or an address of recipients", argument(parseDomain))
    .option("-c, --config <file>", "the configuration file")
    .option("--from <address>", "the sender, by whom servers may differ", parseFrom)
    .option(
      "--via <url>",
      "this server instead, as smtp://relay.example.net:587; may be repeated",
      each(argument(parseVia)),
    )
    .addOption(
      new Option("--tls <mode>", "what is demanded instead of the configuration").choices(
        TLS_MODES,
      ),
    )
    .option("--login", "log in, too, where the configuration has a user")
    .option("--json", "print all as one JSON object")
    .option("--debug", "show where in the program an error came from")
    .allowExcessArguments(false)
    .action(async (domain: string, flags: Flags) => {
      if (!await probeAs(domain, flags)) failed();
    });
}

/** Prints a probe. Whether mail would go. */
async function probeAs(
  domain: string,
  { config: file = findConfig(), from = NULL_PATH, via, tls, login = false, json = false }: Flags,
): Promise<boolean> {
  const config = loadConfig(file, {});
  const relay = relayIn(config);
  const validating = config.dns.validating === true;
  const dns = new AskingResolver(new CachingResolver(config.dns));
  using kept = new KeptPolicies(stsDirectory(config));
  using sts = stsPolicies({
    ...stsOptions(relay),
    ...{ dns, directory: kept.directory, log: silent, now: Date.now },
  });
  const sending = sendingOf(config, relay, { dns, sts, log: silent });
  const isKept = (domain: string) => kept.has(domain);
  const probed = await probe(
    { domain, sender: from.mailbox, choice: { via, tls }, login },
    { sending, dns, validating, sts, isKept },
  );
  const lines = json ? [JSON.stringify(probed, null, 2)] : printProbe(probed);
  for (const line of lines) console.log(json ? line : printable(line));
  return probed.verdict.result === "accepted";
}

/** How mail is sent on; without a word in the configuration, to exchangers. */
function relayIn({ relay }: Config): SmtpRelay {
  const settings = relay ?? relaySchema.parse({ mx: {} });
  if (!("command" in settings)) return settings;
  throw new Error("a program sends mail on (`relay.command`), so nothing can be probed");
}

/** The domain of an address, or the domain itself; `[192.0.2.1]` is one, too. */
function parseDomain(text: string): string {
  if (text.includes("@")) return canonicalName(parseAddress(text).domain);
  const domain = Mailbox.tryParse(`postmaster@${text}`)?.domain;
  if (domain !== undefined && (isDomain(domain) || domain.startsWith("["))) {
    return canonicalName(domain);
  }
  throw new TypeError("Write a domain such as example.net, or an address there.");
}

const parseFrom = (text: string): Sender =>
  text === "<>" || text === "" ? NULL_PATH : { mailbox: parseAddress(text) };

function parseVia(text: string): string {
  parseHop(text);
  return text;
}
