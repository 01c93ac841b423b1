/**
 * `init` on the command line.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDnsServer } from "../dns/server_address.ts";
import { parseListen, printListen } from "../net/address.ts";
import { argument, each, parseIp } from "./argument.ts";
import { init } from "./init.ts";
import { MAILERS } from "./init/mailers.ts";
import { isFullName } from "./init/names.ts";

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
    .option("--address <ip>", "a public address, behind NAT; may be repeated", each(parseIp))
    .addOption(
      new Option("--mailer <name>", "what delivers; by default what is installed").choices(MAILERS),
    )
    .option("-l, --listen <address>", "127.0.0.1:2525, *:25; may be repeated", each(parseAddress))
    .option("--dns <server>", "look the records up here, such as 9.9.9.9", argument(parseDnsServer))
    .option("--debug", "show where in the program an error came from")
    .action(init);
}

function parseName(text: string): string {
  if (isFullName(text)) return text;
  throw new InvalidArgumentError("Write a full name such as mx.example.net.");
}

const parseAddress = argument((text) => printListen(parseListen(text)));
