/**
 * What dpkg knows of the package.
 * @module
 */
import { createHash } from "node:crypto";
import type { Target } from "../targets.ts";
import type { Files } from "./contents.ts";

/** Debian's names of the systems that a package can be for. */
export const ARCHITECTURES: Readonly<Partial<Record<Target, string>>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

/** What the fields of a package depend on. */
export interface About {
  readonly version: string;
  readonly architecture: string;
  readonly maintainer: string;
  /** The oldest version of glibc that will do. */
  readonly glibc: string;
  /** In octets. */
  readonly size: number;
}

/** The file `control`. */
export const control = ({ version, architecture, maintainer, glibc, size }: About): string =>
  `Package: postmaster
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: adduser, init-system-helpers (>= 1.54), libc6 (>= ${glibc}), libgcc-s1
Recommends: logrotate
Suggests: dovecot-core, fail2ban, procmail
Section: mail
Priority: optional
Description: programmable mail server
 Postmaster receives, queues and sends mail by SMTP. Each step of a session is
 an event that handlers answer: ready-made ones, chosen in the configuration,
 and your own, written in TypeScript.
`;

/** The file `md5sums`. */
export const md5sums = (files: Files): string =>
  [...files].map(([path, content]) =>
    `${createHash("md5").update(content).digest("hex")}  ${path}\n`
  ).join("");

/** The file `conffiles`: what administrators may change, and an upgrade leaves so. */
export const conffiles = (files: Files): string =>
  [...files.keys()].filter((path) => path.startsWith("etc/")).map((path) => `/${path}\n`).join("");
