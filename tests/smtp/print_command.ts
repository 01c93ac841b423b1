/**
 * Commands as a client writes them.
 *
 * @module
 */
import type { Command } from "../../src/smtp/command.ts";
import { printPath } from "../../src/smtp/mailbox.ts";
import { printParameters } from "../../src/smtp/parameters.ts";

/** The line of a command, without CRLF: the inverse of `parseCommand()`. */
export function printCommand(command: Command): string {
  switch (command.verb) {
    case "HELO":
    case "EHLO":
      return `${command.verb} ${command.name}`;
    case "MAIL":
      return `MAIL FROM:${printPath(command.mailbox)}${printParameters(command.parameters)}`;
    case "RCPT":
      return `RCPT TO:${printPath(command.mailbox)}${printParameters(command.parameters)}`;
    case "VRFY":
    case "EXPN":
    case "HELP":
    case "NOOP":
      return command.argument === "" ? command.verb : `${command.verb} ${command.argument}`;
    default:
      return command.verb;
  }
}
