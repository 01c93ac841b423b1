import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { codes, type Directory, Running, sendMail, type Settings } from "../running.ts";

const PAGE = readFileSync(new URL("../../docs/catalogue.md", import.meta.url), "utf8");
const [, SECTION = ""] = /^### `explode`$([^]*?)^### /m.exec(PAGE) ?? [];
/** The line that the page has as an example for a file of lists. */
const [, EXAMPLE = ""] = /`(staff@example\.net: [^`]+)`/.exec(SECTION) ?? [];

const MAIL = "MAIL FROM:<ann@example.org>";

/** What appends mail to `relayed`, and below it where it goes. */
const relaying = ({ path }: Directory): Settings => ({
  relay: {
    command: [
      "sh",
      "-c",
      'cat >> "$1"; echo "-> $2" >> "$1"',
      "sh",
      `${path}/relayed`,
      "{recipient}",
    ],
  },
});

/** A server with lists in a file `lists`; `you`, joe and jane are here. */
const serving = (lists: string, settings: (directory: Directory) => Settings): Promise<Running> =>
  Running.start((directory) => {
    directory.write("lists", lists);
    return { users: ["you", "joe"], ...settings(directory) };
  });

const relayed = (server: Running): string[] =>
  server.directory.read("relayed").match(/^-> .*$/gm) ?? [];

const LISTS: Record<string, Settings> = {
  "explode: file": { handlers: [{ explode: { file: "lists" } }] },
  "explode: mapping": {
    handlers: [{ explode: { "staff@example.net": ["joe@example.net", "jane@example.org"] } }],
  },
  alias: { handlers: [{ alias: { staff: ["joe", "jane@example.org"] } }] },
  "alias inside when": {
    handlers: [{
      when: { if: { tls: false }, then: { alias: { staff: ["joe", "jane@example.org"] } } },
    }],
  },
};

for (const [what, settings] of Object.entries(LISTS)) {
  Deno.test(`all members of a list get their mail, also those elsewhere: ${what}`, async () => {
    assert.equal(EXAMPLE, "staff@example.net: joe@example.net, jane@example.org");
    await using server = await serving(EXAMPLE, (directory) => ({
      ...settings,
      ...relaying(directory),
    }));
    using client = await server.connect();
    assert.equal(await sendMail(client, "staff@example.net"), 250);
    assert.match(server.directory.read("mail"), /^Subject: hello$/m);
    assert.deepEqual(relayed(server), ["-> jane@example.org"]);
    assert.deepEqual(await codes(client, MAIL, "RCPT TO:<jane@example.org>"), [250, 550]);
  });

  Deno.test(`a list with members elsewhere is deferred where nothing is relayed: ${what}`, async () => {
    const other = { "discard-all": null };
    const { handlers } = settings;
    await using server = await serving(EXAMPLE, () => ({
      handlers: [...handlers as unknown[], { when: { if: { tls: true }, then: other } }],
    }));
    using client = await server.connect();
    const commands = ["EHLO c.example", MAIL, "RCPT TO:<staff@example.net>"];
    assert.deepEqual(await codes(client, ...commands), [250, 250, 451]);
    await server.logs(
      /handler broke .*no mail for staff@example\.net -> jane@example\.org can go .*set `relay`/,
    );
  });
}

Deno.test("lists relay to nobody whom a client names", async () => {
  const handlers = [
    {
      alias: { sales: ["joe", "ann"], "all@example.net": ["joe", "ann@else.example"], ann: "jane" },
    },
    { explode: { file: "lists" } },
  ];
  await using server = await serving("list: joe, ann\n@else.example: boss\n", (directory) => ({
    handlers,
    "recipient-delimiter": "+",
    ...relaying(directory),
  }));
  using client = await server.connect();
  await codes(client, "EHLO c.example", MAIL);
  for (
    const address of [
      "sales@else.example",
      "sales+x@else.example",
      "list@else.example",
      "ann@else.example",
      "anybody@else.example",
      "all@else.example",
      "sales%else.example@example.net",
      '"sales@else.example"@example.net',
      "@example.net:sales@else.example",
      "else.example!sales@example.net",
    ]
  ) {
    assert.deepEqual(await codes(client, `RCPT TO:<${address}>`), [550], address);
  }
  assert.deepEqual(await codes(client, "RCPT TO:<all@example.net>"), [250]);
  assert.deepEqual(relayed(server), []);
});

Deno.test("a member that is refused gets a warning that names it and its list", async () => {
  await using server = await serving("staff@example.net: joe, gone", () => ({
    handlers: [{ explode: { file: "lists" } }],
  }));
  using client = await server.connect();
  assert.equal(await sendMail(client, "staff@example.net"), 250);
  await server.logs(
    / warning \S+ handler warns .*list=staff@example\.net member=gone@example\.net .*550 unknown/,
  );
});
