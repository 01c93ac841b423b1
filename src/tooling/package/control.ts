/**
 * What dpkg knows of the packages.
 * @module
 */
import type { Target } from "../targets.ts";

/** Debian's names of the systems that a package can be for. */
export const ARCHITECTURES: Readonly<Partial<Record<Target, string>>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

/** What the fields of all packages depend on. */
export interface About {
  readonly version: string;
  readonly maintainer: string;
  /** In octets. */
  readonly size: number;
}

/** What the fields of the program's package depend on. */
export interface AboutProgram extends About {
  readonly architecture: string;
  /** The oldest version of glibc that will do. */
  readonly glibc: string;
}

/** The file `control` of the program's package. */
export const control = (about: AboutProgram): string =>
  `Package: postmaster
${fields(about, about.architecture)}
Depends: adduser, init-system-helpers (>= 1.54), libc6 (>= ${about.glibc}), libgcc-s1
Recommends: logrotate
Suggests: dovecot-core, fail2ban, postmaster-mta, procmail
Description: programmable mail server
 Postmaster receives, queues and sends mail by SMTP. Each step of a session is
 an event that handlers answer: ready-made ones, chosen in the configuration,
 and your own, written in TypeScript.
`;

/** The file `control` of the package that makes it the system's `sendmail` (Debian Policy 11.6). */
export const controlOfMta = (about: About): string =>
  `Package: postmaster-mta
${fields(about, "all")}
Depends: postmaster
Provides: mail-transport-agent
Conflicts: mail-transport-agent
Replaces: mail-transport-agent
Description: programmable mail server: sendmail
 The names sendmail, mailq and newaliases, by which the programs of this
 machine hand over their mail, and the directory in which they leave it for
 Postmaster.
`;

const fields = ({ version, maintainer, size }: About, architecture: string): string =>
  `Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(size / 1024)}
Section: mail
Priority: optional`;
