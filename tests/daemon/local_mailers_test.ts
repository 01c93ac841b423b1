/**
 * The programs that the documentation names as mailers, run by a server that root has started.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { need, needRoot } from "../need.ts";
import { Running, sendMail, type Settings } from "../running.ts";
import { withUser } from "../user.ts";

const page = Deno.readTextFileSync(new URL("../../docs/configuration.md", import.meta.url));

/** The example of a key of the configuration. */
function example(key: string): Settings {
  const [, section = ""] = page.split(`\n### \`${key}\`\n`);
  return parse(/^```yaml\n([^]*?)^```/m.exec(section)?.[1] ?? "");
}

/** The mailers, and the users that the server becomes. */
const MAILERS: Readonly<Record<string, readonly [Settings, ...users: readonly string[]]>> = {
  maildrop: [example("mailer"), "nobody", "daemon"],
  procmail: [{ mailer: undefined }, "nobody", "daemon"],
};

for (const [program, [settings, ...users]] of Object.entries(MAILERS)) {
  for (const server of users) {
    Deno.test({
      name: `${program} delivers to a user for a server that has become ${server}`,
      ignore: need(program, "useradd").ignore || needRoot().ignore,
      fn: () =>
        withUser(async (user) => {
          const { code, mailer } = await deliveredTo(user, {
            ...settings,
            user: server,
            "handlers-as-root": false,
          });
          assert.equal(code, 250, mailer);
          const mailbox = `/var/mail/${user}`;
          const { uid } = Deno.statSync(`/var/mail/${user}`);
          assert.equal(uid, Number(await idOf(user)));
          assert.match(
            Deno.readTextFileSync(mailbox),
            new RegExp(
              `^From ann@example\\.org .*\nReturn-Path: <ann@example\\.org>\nDelivered-To: ${user}@example\\.net\n` +
                "Received: from ",
            ),
          );
        }),
    });
  }
}

/** Sends a message to a user of the system; the code of the reply, and what the log says of the mailer. */
async function deliveredTo(user: string, settings: Settings) {
  await using server = await Running.start(({ path }) => {
    Deno.chmodSync(path, 0o777);
    return { users: "passwd", postmaster: user, log: { level: "debug" }, ...settings };
  });
  using client = await server.connect();
  const code = await sendMail(client, `${user}@example.net`);
  return { code, mailer: await server.logs(/ mailer /) };
}

async function idOf(user: string): Promise<string> {
  const { stdout } = await new Deno.Command("id", { args: ["-u", user] }).output();
  return new TextDecoder().decode(stdout);
}
