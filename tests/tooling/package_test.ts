import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { program } from "../../src/cli/program.ts";
import { commandsIn } from "../../src/tooling/commands.ts";
import { bashCompletions } from "../../src/tooling/package/bash.ts";
import { contents } from "../../src/tooling/package/contents.ts";
import { fishCompletions } from "../../src/tooling/package/fish.ts";
import { glibcFor } from "../../src/tooling/package/glibc.ts";
import { manualPages } from "../../src/tooling/package/manual.ts";
import { makePackages } from "../../src/tooling/package/package.ts";
import { places } from "../../src/tooling/package/places.ts";
import { zshCompletions } from "../../src/tooling/package/zsh.ts";
import { need } from "../need.ts";
import { Directory, run } from "../running.ts";

/** The beginning of an executable for Linux, and what it needs of the C library. */
const EXECUTABLE = new TextEncoder().encode(
  `\x7fELF${"\0".repeat(14)}\x3e\0\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0GLIBC_2.x\0`,
);
const PARTS = {
  executable: EXECUTABLE,
  licences: "All rights granted.\n",
  version: "0.1.0+test",
  maintainer: "Joe <joe@example.net>",
};
const read = (path: string): string =>
  Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const root = program(() => {});

/** What a program prints that must succeed. */
async function printed(name: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(name, args);
  assert.deepEqual([code, stderr], [0, ""], name);
  return stdout;
}

Deno.test({
  name: "a package has what dpkg wants: owners, modes, sums, fields, scripts",
  ...need("dpkg-deb", "md5sum"),
  async fn() {
    using directory = new Directory();
    const [file] = await makePackages(PARTS, directory.of("new"));
    assert.ok(file.endsWith("/postmaster_0.1.0+test_amd64.deb"), file);
    for (const line of (await printed("dpkg-deb", "--contents", file)).trim().split("\n")) {
      const isProgram = line.endsWith("/usr/bin/postmaster");
      assert.match(
        line,
        isProgram ? /^-rwxr-xr-x root\/root / : /^(drwxr-xr-x|-rw-r--r--) root\/root /,
      );
      assert.match(line, / \.\/((usr\/(bin|lib|share)|etc)\b.*|usr\/)?$/);
    }
    await printed("dpkg-deb", "--raw-extract", file, directory.of("tree"));
    const tree = `cd ${directory.of("tree")} &&`;
    const checked = await printed("sh", "-c", `${tree} md5sum --check DEBIAN/md5sums`);
    assert.equal(
      checked.trim().split("\n").length,
      Number(await printed("sh", "-c", `${tree} find etc usr -type f | wc -l`)),
    );
    assert.deepEqual(directory.read("tree/DEBIAN/conffiles").trim().split("\n"), [
      "/etc/logrotate.d/postmaster",
      "/etc/fail2ban/filter.d/postmaster.conf",
    ]);
    for (const script of ["postinst", "prerm", "postrm"]) {
      assert.equal(Deno.statSync(directory.of(`tree/DEBIAN/${script}`)).mode! & 0o777, 0o755);
      await printed("sh", "-n", directory.of(`tree/DEBIAN/${script}`));
    }
    const fields = await printed("dpkg-deb", "--field", file);
    assert.match(fields, /^Package: postmaster\nVersion: 0\.1\.0\+test\nArchitecture: amd64\n/);
    assert.match(fields, /^Maintainer: Joe <joe@example\.net>\nInstalled-Size: \d{2,3}$/m);
    assert.match(fields, /^Depends: adduser, .*libc6 \(>= 2\.17\), libgcc-s1$/m);
  },
});

Deno.test({
  name: "the package postmaster-mta is the names of sendmail, in place of another mail server",
  ...need("dpkg-deb", "sh"),
  async fn() {
    using directory = new Directory();
    const [, file] = await makePackages(PARTS, directory.path);
    assert.ok(file.endsWith("/postmaster-mta_0.1.0+test_all.deb"), file);
    const listed = await printed("dpkg-deb", "--contents", file);
    for (const name of ["usr/sbin/sendmail", "usr/lib/sendmail", "usr/bin/mailq"]) {
      assert.match(
        listed,
        new RegExp(`root/root .* \\./${name} -> (\\.\\./bin/)?postmaster$`, "m"),
      );
    }
    const fields = await printed("dpkg-deb", "--field", file);
    for (const relation of ["Provides", "Conflicts", "Replaces"]) {
      assert.match(fields, new RegExp(`^${relation}: mail-transport-agent$`, "m"));
    }
    await printed("dpkg-deb", "--control", file, directory.of("control"));
    for (const script of ["postinst", "postrm"]) {
      await printed("sh", "-n", directory.of(`control/${script}`));
    }
    assert.deepEqual(
      [...Deno.readDirSync(directory.of("control"))].map(({ name }) => name).toSorted(),
      ["control", "postinst", "postrm"],
    );
  },
});

Deno.test("a program for another system, and a version that dpkg refuses, make no package", async () => {
  using directory = new Directory();
  const make = (parts: Partial<typeof PARTS>) =>
    makePackages({ ...PARTS, ...parts }, directory.path);
  await assert.rejects(make({ executable: new Uint8Array(64) }), /for no Linux with glibc/);
  await assert.rejects(make({ version: "next" }), /Version.*next/);
  assert.deepEqual(directory.list(), []);
});

Deno.test("glibcFor() finds the newest version that is named", () => {
  assert.equal(glibcFor(EXECUTABLE), "2.17");
});

Deno.test({
  name: "there is a page of the manual for each command, with all its options, and groff reads it",
  ...need("groff"),
  async fn() {
    using directory = new Directory();
    const shown = new Map<string, string>();
    for (const [name, page] of manualPages(root)) {
      const file = directory.write(name, page);
      const args = ["-man", "-Tascii", "-P-cbou", "-ww", "-rLL=200n"];
      shown.set(name, await printed("groff", ...args, file));
    }
    for (const [name, { options }] of commandsIn(root)) {
      const page = shown.get(`postmaster-${name.split(" ")[0]}`)!;
      assert.ok(page.includes(`postmaster ${name} `), name);
      for (const { flags } of options.filter(({ hidden }) => !hidden)) {
        assert.ok(page.includes(` ${flags}`), `${name} ${flags}`);
      }
      assert.match(shown.get("postmaster")!, new RegExp(`^ +${name}\\b`, "m"));
    }
    assert.match(shown.get("postmaster-init")!, /One of: procmail, maildrop, maildir\./);
    assert.match(shown.get("postmaster-types")!, /beside your handlers/);
  },
});

/** What can be typed, and some of what a shell must offer then, and something that it must not. */
const TYPED: readonly (readonly [typed: string, offered: readonly string[], not: string])[] = [
  ["postmaster ", ["check", "queue", "vars"], "list"],
  ["postmaster ch", ["check"], "queue"],
  ["postmaster --log", ["--log-level"], "--json"],
  ["postmaster queue ", ["list", "drop"], "check"],
  ["postmaster queue list --", ["--json", "--older-than"], "--dry-run"],
  ["postmaster user check --", ["--file"], "--listen"],
  ["postmaster init --mailer ", ["maildrop", "procmail"], "--hostname"],
];

/**
 * Tests that a shell offers words.
 *
 * @param script is given the file of completions and all that is typed; prints what is offered, a line each, and `=`
 */
function testShell(shell: string, name: string, text: string, script: readonly string[]): void {
  Deno.test({
    name: `${shell} completes commands, options and their values`,
    ...need(shell),
    async fn() {
      using directory = new Directory();
      const file = directory.write(name, text);
      const said = await printed(shell, ...script, file, ...TYPED.map(([typed]) => typed));
      const answers = said.split(/^=$/m);
      for (const [i, [typed, offered, not]] of TYPED.entries()) {
        const words = answers[i]!.split("\n").map((line) =>
          line.replace(/^postmaster.*\b(?=\S+ *$)/, "").split(/\s/)[0]!
        );
        for (const word of offered) assert.ok(words.includes(word), `${typed}${word}: ${words}`);
        assert.ok(!words.includes(not), `${typed}${not}`);
      }
    },
  });
}

testShell("bash", "postmaster", bashCompletions(places(root)), [
  "-c",
  `. "$0"
   for typed; do
     read -ra COMP_WORDS <<< "$typed"; [[ $typed != *' ' ]] || COMP_WORDS+=('')
     COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _postmaster
     printf '%s\\n' "\${COMPREPLY[@]}" =
   done`,
]);
testShell("fish", "postmaster.fish", fishCompletions(places(root)), [
  "--no-config",
  "-c",
  "source $argv[1]; for typed in $argv[2..]; complete -C $typed; echo =; end",
]);

// Zsh completes only for somebody who types; here is what its functions are told.
Deno.test({
  name: "zsh is told of commands, options and their values",
  ...need("zsh"),
  async fn() {
    using directory = new Directory();
    const file = directory.write("_postmaster", zshCompletions(places(root)));
    const script = `
      _arguments() { print -rl -- "$@"; state=command; }
      _describe() { print -rl -- "\${(P@)2}"; }
      . "$0"; _postmaster_queue; _postmaster_queue_list; _postmaster_init`;
    const told = (await printed("zsh", "-fc", script, file)).split("\n");
    for (
      const line of [
        "check:say what is wrong, and what would be done",
        "drop:remove them from the queue, and tell nobody",
        "(-c --config)-c[the configuration file]:file:_files",
        "(-c --config)--config[the configuration file]:file:_files",
        "--json[print a JSON object a line]",
      ]
    ) assert.ok(told.includes(line), line);
    assert.ok(
      told.some((line) => /^--mailer\[.*\]:value:\(procmail maildrop maildir\)$/.test(line)),
    );
    assert.ok(told.some((line) => /^--reason\[a part of why .*\]:value:$/.test(line)));
  },
});

Deno.test("the unit of the package runs its executable, and waits for a configuration", () => {
  const unit = String(contents().get("usr/lib/systemd/system/postmaster.service"));
  assert.match(unit, /^\[Unit\]\nConditionPathExists=\/etc\/postmaster\/postmaster\.yaml\n/);
  assert.match(
    unit,
    /^ExecStart=\/usr\/bin\/postmaster --config \/etc\/postmaster\/postmaster\.yaml$/m,
  );
  assert.doesNotMatch(unit, /\/usr\/local|LogsDirectory/);
});

Deno.test("the changelog is in the package, compressed as Debian wants it", () => {
  const packed = contents().get("usr/share/doc/postmaster/changelog.gz") as Uint8Array;
  assert.equal(gunzipSync(packed).toString(), read("CHANGELOG.md"));
});

Deno.test("daemon.md shows the files that are packed", () => {
  const page = read("docs/daemon.md");
  for (const path of ["packaging/logrotate", "packaging/Containerfile"]) {
    assert.ok(page.includes(`\n${read(path)}\`\`\`\n`), path);
  }
});
