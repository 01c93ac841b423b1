/**
 * What is in the Debian packages besides the executable.
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { program } from "../../cli/program.ts";
import { bashCompletions } from "./bash.ts";
import type { Files } from "./deb.ts";
import { fishCompletions } from "./fish.ts";
import { manualPages, SECTION } from "./manual.ts";
import { places } from "./places.ts";
import { zshCompletions } from "./zsh.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Where the executable is in a package. */
export const EXECUTABLE = "usr/bin/postmaster";
/** An empty directory for the configuration. */
export const CONFIGURATION = "etc/postmaster";

/** All files. */
export function contents(): Files {
  const root = program(() => {});
  const at = places(root);
  return new Map<string, string | Uint8Array>([
    ["usr/lib/systemd/system/postmaster.service", unit()],
    ["etc/logrotate.d/postmaster", read("packaging/logrotate")],
    ["etc/fail2ban/filter.d/postmaster.conf", read("docs/fail2ban/postmaster.conf")],
    ["usr/share/doc/postmaster/changelog.gz", compressed(read("CHANGELOG.md"))],
    ...[...manualPages(root)].map(([name, page]) =>
      [`usr/share/man/man${SECTION}/${name}.${SECTION}.gz`, compressed(`${page}\n`)] as const
    ),
    ["usr/share/bash-completion/completions/postmaster", bashCompletions(at)],
    ["usr/share/zsh/vendor-completions/_postmaster", zshCompletions(at)],
    ["usr/share/fish/vendor_completions.d/postmaster.fish", fishCompletions(at)],
  ]);
}

/** The scripts with which dpkg installs and removes the package. */
export const maintainerScripts = (): Files => scripts("", ["postinst", "prerm", "postrm"]);

/** The names by which programs call `sendmail`, and where they lead: a package of their own, with its documents. */
export const MTA_LINKS: ReadonlyMap<string, string> = new Map([
  ["usr/sbin/sendmail", `../bin/${basename(EXECUTABLE)}`],
  ["usr/lib/sendmail", `../bin/${basename(EXECUTABLE)}`],
  ["usr/bin/mailq", basename(EXECUTABLE)],
  ["usr/bin/newaliases", basename(EXECUTABLE)],
  ...["sendmail", "mailq", "newaliases"].map((name) =>
    [
      `usr/share/man/man${SECTION}/${name}.${SECTION}.gz`,
      `postmaster-sendmail.${SECTION}.gz`,
    ] as const
  ),
  ["usr/share/doc/postmaster-mta", "postmaster"],
]);

/** The scripts of that package. */
export const mtaScripts = (): Files => scripts("mta.", ["postinst", "postrm"]);

const scripts = (prefix: string, names: readonly string[]): Files =>
  new Map(names.map((name) => [name, read(`packaging/debian/${prefix}${name}`)]));

/** What holds only for the package. */
const IN_PACKAGE = `ConditionPathExists=/etc/postmaster/postmaster.yaml
Documentation=man:postmaster(${SECTION})
`;

/**
 * The unit of the documentation, for the executable of the package, and without how to install it by hand. The package
 * makes the directory of logs, whose group is adm: systemd would give it to the server's group.
 */
const unit = (): string =>
  read("docs/examples/postmaster.service")
    .replace(/^[^]*?(?=^\[Unit\]$)/m, "")
    .replaceAll(/^LogsDirectory.*\n/gm, "")
    .replace("[Unit]\n", `[Unit]\n${IN_PACKAGE}`)
    .replaceAll("/usr/local/bin/postmaster", `/${EXECUTABLE}`);

const read = (path: string): string => Deno.readTextFileSync(join(ROOT, path));
const compressed = (text: string): Uint8Array => gzipSync(text, { level: 9 });
