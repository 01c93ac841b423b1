/**
 * What is in the Debian package besides the executable.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { program } from "../../cli/program.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { manualPages, SECTION } from "./manual.ts";
import { places } from "./places.ts";
import { zshCompletions } from "./zsh.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Where the executable is in a package. */
export const EXECUTABLE = "usr/bin/postmaster";
/** An empty directory for the configuration. */
export const CONFIGURATION = "etc/postmaster";

/** Files by their paths. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** All files, with the mode 644. */
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

/** The scripts with which dpkg installs and removes the package, with the mode 755. */
export const maintainerScripts = (): Files =>
  new Map(["postinst", "prerm", "postrm"].map((name) => [name, read(`packaging/debian/${name}`)]));

/** The unit of the documentation, for the executable of the package, and without how to install it by hand. */
const unit = (): string =>
  read("docs/examples/postmaster.service")
    .replace(/^[^]*?(?=^\[Unit\]$)/m, "")
    .replace("[Unit]\n", "[Unit]\nConditionPathExists=/etc/postmaster/postmaster.yaml\n")
    .replaceAll("/usr/local/bin/postmaster", `/${EXECUTABLE}`);

const read = (path: string): string => Deno.readTextFileSync(join(ROOT, path));
const compressed = (text: string): Uint8Array => gzipSync(text, { level: 9 });
