/**
 * `dkim` and its subcommands on the command line.
 * @module
 */
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { canonicalName, isDnsName } from "../../dns/name.ts";
import { argument } from "../argument.ts";
import { generate, KINDS, rotate } from "./generate.ts";
import { remove, show } from "./show.ts";

/** Adds the command `dkim`. */
export function addDkim(postmaster: Command): void {
  const dkim = postmaster.command("dkim")
    .summary("make and rotate the keys that sign mail")
    .description("make, show and rotate the keys that sign mail, also while the server runs")
    .helpCommand(false);
  const command = (usage: string, description: string) =>
    dkim.command(usage)
      .description(description)
      .allowExcessArguments(false)
      .option("-c, --config <file>", "the configuration file")
      .option("--debug", "show where in the program an error came from");
  const domain = () =>
    new Argument("<domain>", "a domain such as example.net").argParser(argument(parseDomain));
  const json = "print JSON";

  command("generate", "make keys for a domain, and print the records to publish")
    .addArgument(domain())
    .addOption(
      new Option("--selector <name>", "the name of the key; by default one with its kind and date")
        .argParser(argument(parseSelector)),
    )
    .addOption(
      new Option("--algorithm <kind>", "the kind of keys").choices([...KINDS, "both"])
        .default("both"),
    )
    .addOption(
      new Option("--bits <number>", "bits of the RSA key").default(2048).argParser(parseBits),
    )
    .option("--from <file>", "take the private key in this file (PEM) instead of making keys")
    .option("--now", "sign at once, before the records are seen")
    .option("--json", json)
    .action(generate);
  command(
    "rotate",
    "make new keys, which take the place of the old ones once their records are seen",
  )
    .addArgument(domain())
    .option("--json", json)
    .action(rotate);
  command("show", "look for the records, and say how far each key has come and what to do next")
    .addArgument(domain().argOptional())
    .option("--json", "print a JSON object a line")
    .action(show);
  command("remove", "remove a key that does not sign")
    .addArgument(domain())
    .argument("<selector>", "the name of the key")
    .option("--force", "also if it signs")
    .action(remove);
}

function parseDomain(text: string): string {
  const name = canonicalName(text);
  if (isDnsName(name) && name.includes(".")) return name;
  throw new TypeError("Write a domain such as example.net.");
}

function parseSelector(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?$/i.test(text)) return text.toLowerCase();
  throw new TypeError("Write letters, digits and hyphens, such as 2026a.");
}

function parseBits(text: string): number {
  const bits = Number(text);
  if ([2048, 3072, 4096].includes(bits)) return bits;
  throw new InvalidArgumentError("Write 2048, 3072 or 4096. Receivers need not know longer keys.");
}
