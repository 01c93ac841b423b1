/**
 * The program: hands its arguments to the command line and exits with what that says. For the server there is one more
 * command, which loads only what it needs: it is run once for each message.
 * @module
 */
const { exit } = Deno; // handlers are not let end the program
const [command, ...args] = Deno.args;

if (command === "deliver") {
  const { deliverHere } = await import("./src/targets/mailbox/deliver.ts");
  exit(await deliverHere(args));
} else {
  const { main } = await import("./src/cli/program.ts");
  exit(await main(Deno.args));
}
