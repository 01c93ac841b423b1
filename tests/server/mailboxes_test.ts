/**
 * Mail of similar names, in the mailboxes of users of this machine.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { need, needRoot } from "../need.ts";
import { type Directory, Running, sendMail, type Settings } from "../running.ts";
import { withUsers } from "../user.ts";

const needs = (program: string) => ({
  ignore: need(program, "useradd").ignore || needRoot().ignore,
});

/** The subjects in somebody's mailbox. */
function subjects(user: string): string[] {
  try {
    const text = readFileSync(`/var/mail/${user}`, "latin1");
    return [...text.matchAll(/^Subject: (.*)$/gm)].map(([, subject = ""]) => subject);
  } catch {
    return [];
  }
}

/** Sends each recipient a mail whose subject is its local part, and gives the codes of the replies. */
async function sendTo(
  settings: (directory: Directory) => Settings,
  ...recipients: readonly string[]
): Promise<(number | undefined)[]> {
  await using server = await Running.start(settings);
  using client = await server.connect();
  const codes = [];
  for (const recipient of recipients) {
    const subject = recipient.slice(0, recipient.indexOf("@"));
    codes.push(await sendMail(client, recipient, `Subject: ${subject}\r\n\r\nhello\r\n`));
  }
  return codes;
}

const PROCMAIL = ["procmail", "-Y", "-f", "{sender}", "-d", "{user}"];
const MAILDROP = ["maildrop", "-d", "{user}"];

/** Each way to serve the users of the system, with a program that delivers. */
const WAYS: readonly (readonly [string, string, (delimiter: string, joe: string) => Settings])[] = [
  ["users: passwd", "procmail", (delimiter, postmaster) => ({
    users: "passwd",
    postmaster,
    "recipient-delimiter": delimiter,
    mailer: { command: PROCMAIL },
  })],
  ["users: passwd", "maildrop", (delimiter, postmaster) => ({
    users: "passwd",
    postmaster,
    "recipient-delimiter": delimiter,
    mailer: { command: MAILDROP },
  })],
  ["the handler passwd", "procmail", (delimiter) => ({
    "recipient-delimiter": delimiter,
    handlers: ["passwd"],
    mailer: { command: PROCMAIL },
  })],
  ["the handler passwd", "maildrop", (delimiter) => ({
    handlers: [{ subaddress: { delimiter } }, { passwd: { command: MAILDROP } }],
  })],
];

for (const [way, program, settings] of WAYS) {
  Deno.test({
    name: `mail for joe, joe-luc and joe.smith is in the mailbox of each, by ${way} and ${program}`,
    ...needs(program),
    fn: () =>
      withUsers(["", "-luc", ".smith"], async (joe) => {
        const capital = joe.toUpperCase();
        const by = (delimiter: string, ...locals: readonly string[]) =>
          sendTo(() => settings(delimiter, joe), ...locals.map((local) => `${local}@example.net`));
        const dashed = [`${joe}-luc`, `${joe}-luc-a-b`, `${joe}-lu`, `${capital}-x`];
        assert.deepEqual(await by("-", ...dashed), [250, 250, 250, 250]);
        assert.deepEqual(await by(".", `${joe}.smith`, `${joe}.smith.x`, `${capital}.SMITH`), [
          ...[250, 250, 250],
        ]);
        assert.deepEqual(subjects(`${joe}-luc`), [`${joe}-luc`, `${joe}-luc-a-b`]);
        assert.deepEqual(subjects(`${joe}.smith`), [
          ...[`${joe}.smith`, `${joe}.smith.x`, `${capital}.SMITH`],
        ]);
        assert.deepEqual(subjects(joe), [`${joe}-lu`, `${capital}-x`]);
      }),
  });
}

Deno.test({
  name: "mail of virtual users goes to whom the file names, before those that a catch-all catches",
  ...needs("procmail"),
  fn: () =>
    withUsers(["", "-luc", ".rest"], async (joe) => {
      const settings = (directory: Directory): Settings => ({
        users: [joe],
        "recipient-delimiter": "-",
        mailer: { command: PROCMAIL },
        handlers: [{
          "virtual-users": {
            file: directory.write(
              "virtual",
              `jean-luc@example.net: ${joe}-luc\n@example.net: ${joe}.rest\n`,
            ),
          },
        }],
      });
      const recipients = ["jean-luc", "Jean-Luc-x", "jean", joe, `${joe}-x`, "who-x"];
      assert.deepEqual(
        await sendTo(settings, ...recipients.map((local) => `${local}@example.net`)),
        recipients.map(() => 250),
      );
      assert.deepEqual(subjects(`${joe}-luc`), ["jean-luc", "Jean-Luc-x"]);
      assert.deepEqual(subjects(joe), [joe, `${joe}-x`]);
      assert.deepEqual(subjects(`${joe}.rest`), ["jean", "who-x"]);
    }),
});

Deno.test({
  name: "aliases lead to where a handler serves a domain, and the bare postmaster to an alias",
  ...needs("procmail"),
  fn: () =>
    withUsers(["", ".ann"], async (joe) => {
      const settings = (more: Settings) => (directory: Directory): Settings => ({
        users: [],
        mailer: { command: PROCMAIL },
        aliases: { sales: "ann@virtual.example" },
        handlers: [
          { alias: { postmaster: "joe@virtual.example" } },
          {
            "virtual-users": {
              file: directory.write(
                "virtual",
                `ann@virtual.example: ${joe}.ann\njoe@virtual.example: ${joe}\n`,
              ),
            },
          },
        ],
        ...more,
      });
      const relay = { relay: { command: ["false"] } };
      for (const more of [{}, relay]) {
        const codes = await sendTo(settings(more), "Postmaster", "sales@example.net");
        assert.deepEqual(codes, [250, 250]);
      }
      assert.deepEqual(await sendTo(settings({ domains: [] }), "Postmaster"), [250]);
      assert.deepEqual(subjects(`${joe}.ann`), ["sales", "sales"]);
      assert.equal(subjects(joe).length, 3);
    }),
});
