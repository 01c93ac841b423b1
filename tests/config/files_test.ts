import assert from "node:assert/strict";
import { join } from "node:path";
import { build, ConfigError } from "../../src/config/mod.ts";
import { type Asking, asking, routes, status } from "../handlers/ask.ts";
import { Directory } from "../running.ts";
import { parseConfig } from "./with_postmaster.ts";

/** A directory with files, and a site whose configuration is in it. */
async function site(
  files: Record<string, string>,
  text: string,
): Promise<Asking & { dir: string }> {
  const dir = Deno.makeTempDirSync();
  for (const [name, content] of Object.entries(files)) {
    Deno.writeTextFileSync(join(dir, name), content);
  }
  const config = parseConfig(text, join(dir, "postmaster.yaml"));
  return { ...asking((await build(config)).policy), dir };
}

Deno.test("users from a file are read again when it changes", async () => {
  const { rcpt, dir } = await site(
    { users: "joe # the first\n\n# jane\n" },
    "domains: [a.example]\nusers: {file: users}\npostmaster: joe",
  );
  assert.equal((await rcpt("joe@a.example")).code, 250);
  assert.equal(status(await rcpt("jane@a.example")), "550 5.1.1");
  Deno.writeTextFileSync(join(dir, "users"), "jane\n");
  assert.equal((await rcpt("jane@a.example")).code, 250);
  assert.equal(status(await rcpt("joe@a.example")), "550 5.1.1");
});

Deno.test("while the file of users is gone or broken nobody is refused for it, and it is logged once", async () => {
  const { rcpt, dir, logged } = await site(
    { users: "joe\n" },
    "domains: [a.example]\nusers: {file: users}\npostmaster: joe",
  );
  for (
    const [content, trouble] of [[undefined, "ENOENT"], [
      "joe smith\n",
      "no name of a local user",
    ]] as const
  ) {
    if (content === undefined) Deno.removeSync(join(dir, "users"));
    else Deno.writeTextFileSync(join(dir, "users"), content);
    logged.length = 0;
    assert.equal((await rcpt("joe@a.example")).code, 250, "known from before");
    assert.equal(status(await rcpt("jane@a.example")), "451 4.3.0");
    assert.equal(status(await rcpt("jane@b.example")), "550 5.7.1");
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, /cannot read users or aliases/);
    assert.match(logged[0]!, new RegExp(trouble));
  }
  Deno.writeTextFileSync(join(dir, "users"), "joe\n");
  assert.equal(status(await rcpt("jane@a.example")), "550 5.1.1");
});

Deno.test("aliases from files and from the configuration go together", async () => {
  const { rcpt, dir } = await site(
    { aliases: '# ours\nsales: joe, jane@a.example\n"odd:one, too": joe # quoted\n' },
    "domains: [a.example]\nusers: [joe, jane]\naliases: [{file: aliases}, {webmaster: sales}]",
  );
  const both = ["joe@a.example -> mailer", "jane@a.example -> mailer"];
  assert.deepEqual(routes(await rcpt("sales@a.example")), both);
  assert.deepEqual(routes(await rcpt("webmaster@a.example")), both);
  assert.deepEqual(routes(await rcpt('"odd:one, too"@a.example')), ["joe@a.example -> mailer"]);
  Deno.writeTextFileSync(join(dir, "aliases"), "sales: jane\n");
  assert.deepEqual(routes(await rcpt("webmaster@a.example")), ["jane@a.example -> mailer"]);
});

Deno.test("aliases that have become wrong are not used; those from before are", async () => {
  const { rcpt, dir, logged } = await site(
    { aliases: "sales: joe\n" },
    "domains: [a.example]\nusers: [joe]\naliases: [{file: aliases}, {webmaster: sales}]",
  );
  Deno.writeTextFileSync(join(dir, "aliases"), "sales: webmaster\n");
  assert.deepEqual(routes(await rcpt("webmaster@a.example")), ["joe@a.example -> mailer"]);
  assert.match(logged.join("\n"), /aliases go in a circle/);
  assert.equal(status(await rcpt("nobody@a.example")), "451 4.3.0");
  Deno.writeTextFileSync(join(dir, "aliases"), "sales: joe\nnobody: joe");
  assert.deepEqual(routes(await rcpt("nobody@a.example")), ["joe@a.example -> mailer"]);
});

Deno.test("parseConfig() says where in the files of users and aliases something is wrong", () => {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(join(dir, "users"), "joe\njane smith\n");
  Deno.writeTextFileSync(
    join(dir, "aliases"),
    "a: joe\nnothing\nb: joe, x y, jim@else.example\nc:\n",
  );
  Deno.writeTextFileSync(join(dir, "more"), 'a: joe\nb: joe, x y, jim@else.example\n"d\n');
  const text =
    "domains: [a.example]\nusers: {file: users}\naliases: [{file: aliases}, {file: more}]\npostmaster: joe";
  assert.throws(() => parseConfig(text, join(dir, "p.yaml")), (error: ConfigError) => {
    assert.deepEqual(
      error.problems.map(({ file, line, column }) => [file.slice(dir.length + 1), line, column]),
      [["users", 2, 1], ["aliases", 2, 1], ["aliases", 4, 1], ["more", 3, 1]],
    );
    return true;
  });
  Deno.writeTextFileSync(join(dir, "more"), "a: joe\nb: joe, x y, jim@else.example\n");
  const second = "domains: [a.example]\nusers: [joe]\naliases: [{a: joe}, {file: more}]";
  assert.throws(() => parseConfig(second, join(dir, "p.yaml")), (error: ConfigError) => {
    assert.deepEqual(error.problems.map(({ line, column }) => [line, column]), [[1, 1], [2, 9], [
      2,
      14,
    ]]);
    return true;
  });
});

Deno.test("a file of aliases is named with the line of a quoted domain, and of an alias for nobody", () => {
  using directory = new Directory();
  const aliases = directory.write(
    "aliases",
    'joe: joe\n"@a.example": joe\nsales: joe, nosuchuser\n',
  );
  const read = () =>
    parseConfig(
      "domains: [a.example]\nusers: [joe]\naliases: {file: aliases}",
      directory.of("p.yaml"),
    );
  assert.throws(read, { message: /^\S*\/aliases:2:1: `"@a\.example"` is a local part in quotes/ });
  directory.write("aliases", "joe: joe\n@a.example: joe\nsales: joe, nosuchuser@b.example\n");
  assert.throws(read, { message: /^\S*\/aliases:3:13: `nosuchuser@b\.example` is neither in one/ });
  directory.write("aliases", "joe: joe\nsales: joe, nosuchuser\n");
  assert.throws(read, {
    message: `${aliases}:2:13: \`nosuchuser@a.example\` is neither a user nor an alias: ` +
      "mend the name, or add it to `users` or the aliases",
  });
});

Deno.test("users: passwd are the people among the system's accounts", () => {
  const reader = "aliases: {postmaster: daemon}\nusers: ";
  const { users } = parseConfig(`${reader}{passwd: {min-uid: 1}}`, "p");
  assert.equal(users.find({ local: "daemon" }), "daemon");
  assert.equal(users.find({ local: "root" }), undefined);
  assert.equal(users.find({ local: "nobody" }), undefined);
  assert.equal(parseConfig(`${reader}passwd`, "p").users.find({ local: "daemon" }), undefined);
});
