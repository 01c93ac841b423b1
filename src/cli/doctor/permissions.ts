/**
 * The rights of files and directories: the server can use what it needs, and others can neither read its secrets nor
 * change what it runs.
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ownUser } from "../../base/passwd.ts";
import { tried } from "../../base/tried.ts";
import { ancestors } from "../../daemon/directory.ts";
import { findIdentity, placesOf } from "../../targets/identity.ts";
import type { Check } from "./check.ts";
import { told } from "./configuration.ts";
import { fault, type Found, note, ok } from "./finding.ts";
import type { Installation } from "./installation.ts";

const OTHERS = 0o007;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** The check. */
export const permissions: Check = {
  name: "permissions",
  about:
    "the rights of files: the server can use them, and others can neither read nor change them",
  network: false,
  run: (installation) => {
    const trusted = new Set(trustedOf(installation).flatMap(ancestors));
    const found = [
      ...asAnother(installation),
      ...installation.unmet.map(told(fault)),
      ...secretsOf(installation).flatMap(openToOthers),
      ...[...trusted].flatMap(changedByOthers),
    ];
    return Promise.resolve(
      found.length > 0 ? found : [ok("files", "the rights of files and directories are right")],
    );
  },
};

/** Another user than the server's cannot tell what that one can do. */
function asAnother({ isOther, settings: { user } }: Installation): readonly Found[] {
  const { uid } = findIdentity();
  if (!isOther || uid === findIdentity(user).uid) return [];
  const what = `these are the rights of ${ownUser()}, and the server runs as ${user}`;
  return [note("user", what, "run doctor as root, or as that user")];
}

/** What only the server may read. */
const secretsOf = ({ settings: { tls }, places }: Installation): readonly string[] => [
  ...(tls?.certificates ?? []).map(({ key }) => key),
  ...places?.queue === undefined ? [] : [places.queue.directory],
];

/** What decides what the server does. */
function trustedOf({ config, settings: { mailer } }: Installation): readonly string[] {
  const modules = (config?.handlers ?? []).flatMap(({ source }) =>
    "module" in source && typeof source.module === "string" ? [source.module] : []
  );
  const program = mailer?.command[0] ?? "";
  return [
    ...config?.file === undefined ? [] : [resolve(config.file)],
    ...modules,
    ...placesOf(program).filter((path) => existsSync(path)).slice(0, 1),
  ];
}

function openToOthers(path: string): readonly Found[] {
  const mode = tried(() => statSync(path))?.mode ?? 0;
  if ((mode & OTHERS) === 0) return [];
  const what = `every user of this machine may use ${path}, which is a secret of the server`;
  return [fault(path, what, `chmod o= ${path}`)];
}

function changedByOthers(path: string): readonly Found[] {
  const mode = tried(() => statSync(path))?.mode ?? 0;
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  const what = `every user of this machine may change ${path}, and so what the server does`;
  return [fault(path, what, `chmod o-w ${path}`)];
}
