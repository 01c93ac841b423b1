/**
 * `user` and its subcommands on the command line.
 * @module
 */
import { Argument, type Command, Option } from "commander";
import { userName } from "../auth/rules.ts";
import { argument } from "./argument.ts";
import { add, check, list, passwd, remove } from "./user.ts";

/** Adds the command `user`. */
export function addUser(postmaster: Command): void {
  const user = postmaster.command("user")
    .summary("manage the users who may authenticate")
    .description("manage the users who may authenticate, also while the server runs")
    .helpCommand(false);
  const command = (usage: string, description: string) =>
    user.command(usage)
      .description(description)
      .allowExcessArguments(false)
      .option("-c, --config <file>", "the configuration file")
      .addOption(
        new Option("--file <file>", "the file of passwords, if no configuration names it")
          .conflicts("config"),
      )
      .option("--debug", "show where in the program an error came from");
  const newName = new Argument("<name>", "the user, such as `joe` or `joe@example.net`")
    .argParser(argument(userName));
  const name = new Argument("<name>", "the user");
  const generate = "make a password and print it, instead of asking for one";

  command("add", "add a user; the password comes from a prompt or the standard input")
    .addArgument(newName)
    .option("--generate", generate)
    .action(add);
  command("passwd", "change a user's password; it comes from a prompt or the standard input")
    .addArgument(name)
    .option("--generate", generate)
    .action(passwd);
  command("check", "say whether a password is right; it comes from a prompt or the standard input")
    .addArgument(name)
    .action(check);
  command("list", "show the users, and the mechanisms that each can use")
    .action(list);
  command("remove", "forget a user")
    .addArgument(name)
    .action(remove);
}
