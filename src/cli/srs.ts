/**
 * `postmaster srs`: what a rewritten sender stands for, and what senders are rewritten to.
 * @module
 */
import type { Command } from "commander";
import { findConfig, forwardedAs, loadSettings, type Settings } from "../config/mod.ts";
import type { Mailbox } from "../smtp/mailbox.ts";
import { parseAddress } from "./client_flags.ts";

/**
 * Adds the command `srs`.
 *
 * @param failed called if mail for one of the addresses does not find back
 */
export function addSrs(postmaster: Command, failed: () => void): void {
  postmaster.command("srs")
    .summary("see what a rewritten sender stands for")
    .description("say what a rewritten sender (SRS) stands for, or what a sender is rewritten to")
    .argument(
      "<address...>",
      "rewritten senders, or addresses of other senders",
      (text, before: readonly Mailbox[] = []) => [...before, parseAddress(text)],
    )
    .allowExcessArguments(false)
    .option("-c, --config <file>", "the configuration file")
    .option("--debug", "show where in the program an error came from")
    .action((addresses: readonly Mailbox[], { config = findConfig() }: SrsFlags) => {
      const settings = config === undefined ? { domains: [] } : loadSettings(config);
      const said = addresses.map((one) => describe(one, settings, Date.now()));
      for (const { text } of said) console.log(text);
      if (said.some(({ isGood }) => !isGood)) failed();
    });
}

interface SrsFlags {
  readonly config?: string;
}

interface Said {
  readonly text: string;
  /** Mail for the address finds back. */
  readonly isGood: boolean;
}

function describe(
  address: Mailbox,
  { relay, domains }: Pick<Settings, "relay" | "domains">,
  now: number,
): Said {
  const srs = relay?.srs;
  if (srs === undefined) throw new Error("no senders are rewritten: `relay.srs` is not set");
  const found = srs.unwrap(address, now);
  if (found === undefined) {
    const forward = forwardedAs(srs, domains, address, now);
    const text = forward === address ? `${address}: is not rewritten` : `${address} -> ${forward}`;
    return { text, isGood: true };
  }
  const { mailbox, made, fault } = found;
  if (fault === "forged") {
    return { text: `${address}: forged: no secret has signed it`, isGood: false };
  }
  const [since, until] = made === undefined ? [] : [made, made + srs.maxAge].map(dayOf);
  const times = since === undefined ? "" : ` (made ${since}, good until ${until})`;
  return fault === "expired"
    ? { text: `${address}: expired: ${mailbox}${times}`, isGood: false }
    : { text: `${address} -> ${mailbox}${times}`, isGood: true };
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
