/**
 * `cert` and its subcommands on the command line.
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { canonicalName } from "../dns/name.ts";
import { isDomain } from "../smtp/mailbox.ts";
import { each } from "./argument.ts";
import { makeSelfSigned } from "./cert.ts";

/** Days for which a certificate is good if nobody says how many. */
const DAYS = 365;

/** Adds the command `cert`. */
export function addCert(postmaster: Command): void {
  const cert = postmaster.command("cert")
    .summary("make certificates for trying out")
    .description("make certificates for trying out")
    .helpCommand(false);
  cert.command("self-signed")
    .description("make a certificate that no client trusts, and its key, for trying out")
    .allowExcessArguments(false)
    .option("-c, --config <file>", "the configuration file: it names the files and their user")
    .option("--certificate <file>", "the file to write the certificate to; needs --key")
    .option("--key <file>", "the file to write the key to; needs --certificate")
    .addOption(
      new Option(
        "--domain <name>",
        "a domain that it is for; by default `hostname`; may be repeated",
      ).argParser(each(parseDomain)),
    )
    .addOption(
      new Option("--days <number>", "how long it is good").default(DAYS).argParser(parseDays),
    )
    .option("--debug", "show where in the program an error came from")
    .action(makeSelfSigned);
}

function parseDomain(text: string): string {
  const name = canonicalName(text);
  if (isDomain(name)) return name;
  throw new InvalidArgumentError("Write a domain such as mx.example.net.");
}

function parseDays(text: string): number {
  const days = Number(text);
  if (/^\d+$/.test(text) && days > 0 && days <= 3650) return days;
  throw new InvalidArgumentError("Write a number of days from 1 to 3650.");
}
