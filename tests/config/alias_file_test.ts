/**
 * Files of aliases as those of Sendmail and Postfix are, in the configuration and in handlers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { alias } from "postmaster/handlers";
import { build, ConfigError } from "../../src/config/mod.ts";
import { type Asking, asking, routes, status } from "../handlers/ask.ts";
import { Directory } from "../running.ts";
import { parseConfig } from "./with_postmaster.ts";

const SITE = "domains: [a.example]\nusers: [joe, jane, ann, mail, root]\npostmaster: joe\n";

/** A site with these files in a directory, and `aliases` among them. */
async function site(directory: Directory, files: Record<string, string>): Promise<Asking> {
  for (const [name, text] of Object.entries(files)) directory.write(name, text);
  const config = parseConfig(`${SITE}aliases: {file: aliases}`, directory.of("p.yaml"));
  return asking((await build(config)).policy);
}

/** Local parts of those who get the mail of each address. */
async function members({ rcpt }: Asking, local: string): Promise<string> {
  const all = routes(await rcpt(`${local}@a.example`));
  return all.map((route) => route.split("@")[0]).join();
}

/** What is wrong with these files, each `file:line:column message`. */
function mistakes(files: Record<string, string>): string[] {
  using directory = new Directory();
  for (const [name, text] of Object.entries(files)) directory.write(name, text);
  try {
    parseConfig(`${SITE}aliases: {file: aliases}`, directory.of("p.yaml"));
    return [];
  } catch (error) {
    return (error as ConfigError).message.replaceAll(`${directory.path}/`, "").split("\n");
  }
}

/** As Debian installs it, with what its administrator adds. */
const DEBIAN = `# /etc/aliases
mailer-daemon: postmaster
postmaster@a.example: root
nobody: root
hostmaster: root
\t# an indented comment
"joe smith": joe
staff: joe,
  jane,

# in between
\tann # the third
joe: \\joe, jane
`;

Deno.test("a file of aliases has continuation lines, comments and quotes", async () => {
  using directory = new Directory();
  const asked = await site(directory, { aliases: DEBIAN });
  assert.equal(await members(asked, "nobody"), "root");
  assert.equal(await members(asked, '"joe smith"'), "joe,jane");
  assert.equal(await members(asked, "staff"), "joe,jane,ann");
  assert.equal(await members(asked, "joe"), "joe,jane");
});

Deno.test("a file of aliases includes others, which are read again when they change", async () => {
  using directory = new Directory();
  Deno.mkdirSync(directory.of("lists"));
  const { rcpt, ...rest } = await site(directory, {
    aliases: 'staff: ann, ":include:lists/staff"\n',
    "lists/staff": "# everybody\njoe,\n:include:more\n",
    "lists/more": "jane, jane",
  });
  const staff = () => members({ rcpt, ...rest }, "staff");
  assert.equal(await staff(), "ann,joe,jane");
  directory.write("lists/more", "root\n");
  assert.equal(await staff(), "ann,joe,root");
  Deno.removeSync(directory.of("lists/more"));
  assert.equal(await staff(), "ann,joe,root", "what was last read counts");
  assert.equal(status(await rcpt("nosuch@a.example")), "451 4.3.0");
  assert.match(rest.logged.join("\n"), /staff:3:1: there is no file \S+\/lists\/more/);
  directory.write("lists/more", "jane\n");
  assert.equal(await staff(), "ann,joe,jane");
  assert.equal(status(await rcpt("nosuch@a.example")), "550 5.1.1");
});

Deno.test("the handler alias reads the same files", async () => {
  using directory = new Directory();
  const file = directory.write("aliases", "staff: joe,\n jane\n");
  const { rcpt } = asking(alias({ file }));
  const code = async () => (await rcpt("staff@a.example")).lines.join();
  assert.equal(await code(), "nobody knows this recipient");
  directory.write("aliases", "staff: |cat\n");
  assert.equal(status(await rcpt("other@a.example")), "451 4.3.0");
});

const MISTAKES: readonly [string, RegExp][] = [
  [
    'a: joe\nb: "|/usr/bin/vacation joe"',
    /^aliases:2:4: .* is a command, and aliases run none: .*/,
  ],
  ["a: joe, |cat", /^aliases:1:9: `\|cat` is a command/],
  [
    "a: joe,\n  /var/mail/all",
    /^aliases:2:3: `\/var\/mail\/all` is a file, and aliases write none/,
  ],
  ["a: /dev/null", /^aliases:1:4: `\/dev\/null` throws mail away, .* discard\(\)$/],
  ["a: \\joe", /^aliases:1:4: `\\joe` bypasses the aliases of `joe`, .*: write `joe`$/],
  ["a: :fail: no such user", /^aliases:1:4: `:fail: no such user` is no address: .*`reply`$/],
  ["a: joe\n  jane", /^aliases:1:4: `joe jane` is no address/],
  ["joe: :include:gone", /^aliases:1:6: there is no file gone: create it/],
  ["a: :include:.", /^aliases:1:4: \S+ is a directory: name a file/],
  [": joe", /^aliases:1:1: a line must be `alias: address, address`/],
  [
    "a: :include:aliases",
    /^aliases:1:4: files include each other in a circle, aliases -> aliases:/,
  ],
  ["a: :include:list", /^list:2:6: `nosuch@a\.example` is neither a user nor an alias/],
  ["a: :include:bad", /^bad:1:1: `\|cat` is a command/],
];

for (const [aliases, message] of MISTAKES) {
  Deno.test(`a file of aliases cannot have ${JSON.stringify(aliases)}`, () => {
    const found = mistakes({ aliases, list: "joe\njane,nosuch", bad: "|cat" });
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0]!, message);
  });
}

Deno.test("the handlers alias and explode say where in a file all of its mistakes are", () => {
  using directory = new Directory();
  directory.write("list", "a: |cat\nb: :include:more\n");
  directory.write("more", "joe\n/dev/null");
  for (const handler of ["alias", "explode"]) {
    const text = `${SITE}handlers: [{${handler}: {file: list}}]`;
    assert.throws(() => parseConfig(text, directory.of("p.yaml")), ({ problems }: ConfigError) => {
      const found = problems.map(({ line, message }) => `${line}: ${message}`);
      assert.match(found[0]!, /^4: .*\/list:1:4: `\|cat` is a command/);
      assert.match(found[1]!, /^4: .*\/more:2:1: `\/dev\/null` throws mail away/);
      assert.equal(found.length, 2);
      return true;
    });
  }
});
