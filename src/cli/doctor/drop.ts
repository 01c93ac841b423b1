/**
 * The mail of this machine's programs: they call this `sendmail`, and the server takes what they leave.
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { tried } from "../../base/tried.ts";
import { DROP_MODE } from "../../daemon/directory.ts";
import { DROP_DIRECTORY, NAMES } from "../../drop/draft.ts";
import { counted, roughDuration } from "../queue/rough.ts";
import { isOwnSendmail, SENDMAIL } from "../sendmail/install.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";

/** Milliseconds after which mail that still waits is told of: it is deferred again and again, or nobody takes it. */
const LONG = 3_600_000;

/** The check. */
export const drop: Check = {
  name: "drop",
  about: "mail of this machine's programs: they call this sendmail, and the server takes it",
  network: false,
  run: ({ settings: { drop } }) => {
    const isCalled = isOwnSendmail(SENDMAIL);
    if (drop === undefined) return Promise.resolve(isCalled ? [UNTAKEN] : []);
    const { directory } = drop;
    const found = existsSync(directory)
      ? [...isCalled ? [] : [NOT_CALLED], ...waitingIn(directory)]
      : [missing(directory)];
    const well = ok(directory, `programs leave their mail in ${directory}, and none waits there`);
    return Promise.resolve(found.length > 0 ? found : [well]);
  },
};

const UNTAKEN = fault(
  SENDMAIL,
  `programs leave their mail in ${DROP_DIRECTORY}, because ${SENDMAIL} is Postmaster's, and this server does not take it`,
  "add `drop: {}` to the configuration, or `postmaster install-sendmail --remove`",
);

const NOT_CALLED = note(
  SENDMAIL,
  `${SENDMAIL} is not Postmaster's, so programs do not leave their mail to this server`,
  "`postmaster install-sendmail`",
);

const missing = (directory: string): Found =>
  fault(
    directory,
    `there is no ${directory}, so no program can leave mail`,
    `install -d -o ${Deno.uid()} -m ${DROP_MODE.toString(8)} ${directory}`,
  );

function waitingIn(directory: string): readonly Found[] {
  const ages = readdirSync(directory)
    .filter((name) => name.startsWith(NAMES.mail))
    .flatMap((name) => tried(() => statSync(join(directory, name)))?.mtimeMs ?? [])
    .map((since) => Date.now() - since)
    .filter((age) => age > LONG);
  if (ages.length === 0) return [];
  const oldest = roughDuration(Math.max(...ages));
  const what = `${counted(ages.length, "message")} of programs of this machine ` +
    `${ages.length === 1 ? "waits" : "wait"} in ${directory}, the oldest for ${oldest}`;
  return [
    warning(directory, what, "start the server; if it runs, its log says `drop deferred` and why"),
  ];
}
