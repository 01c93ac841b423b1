/**
 * The program: hands its arguments to the command line and exits with what that says. Two commands load only what they
 * need, because they are run once for each message: that by which the server delivers to mailboxes, and `sendmail`.
 * @module
 */
import { argv0 } from "node:process";

const { exit } = Deno; // handlers are not let end the program
const [command, ...args] = Deno.args;
const name = calledAs();

if (name !== undefined || command === "sendmail") {
  const { sendmail } = await import("./src/cli/sendmail/sendmail.ts");
  exit(await sendmail(name ?? "sendmail", name === undefined ? args : Deno.args));
} else if (command === "deliver") {
  const { deliverHere } = await import("./src/targets/mailbox/deliver.ts");
  exit(await deliverHere(args));
} else {
  const { main } = await import("./src/cli/program.ts");
  exit(await main(Deno.args));
}

/** The name of a link by which an executable is called, if it is one that programs know: `sendmail`. */
function calledAs(): string | undefined {
  if (!Deno.build.standalone) return undefined;
  const name = argv0.slice(argv0.lastIndexOf("/") + 1);
  return /^(sendmail|mailq|newaliases)$/.test(name) ? name : undefined;
}
