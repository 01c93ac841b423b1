/**
 * The layout of the store's file, and how an older one becomes the present one.
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** The layout of the file, as `PRAGMA user_version` has it. */
export const LAYOUT = 1;

/** The states of recipients, as numbers in the file. */
export const STATES = ["waiting", "active", "held", "ended"] as const;
const [WAITING] = [0];

/**
 * `due` is when a waiting recipient is due, and when one that has ended has. `why` is the reason of a hold, or the
 * ending. The attempt that was last is in its recipient's row; those before it are in `attempt`.
 */
const FIRST = `
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    accepted INTEGER NOT NULL,
    sender TEXT,
    size INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    message_id TEXT,
    user TEXT,
    facts TEXT NOT NULL,
    file INTEGER NOT NULL,
    open INTEGER NOT NULL,
    ended INTEGER
  ) STRICT;
  CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id IS NOT NULL;
  CREATE INDEX message_by_end ON message (ended) WHERE ended IS NOT NULL;
  CREATE TABLE body (seq INTEGER PRIMARY KEY, octets BLOB NOT NULL) STRICT;
  CREATE TABLE recipient (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    user TEXT,
    extension TEXT,
    original TEXT,
    parameters TEXT NOT NULL,
    target TEXT NOT NULL,
    args TEXT NOT NULL,
    copy INTEGER NOT NULL,
    destination TEXT NOT NULL,
    decided_by TEXT,
    state INTEGER NOT NULL,
    due INTEGER,
    why TEXT,
    attempts INTEGER NOT NULL,
    warned INTEGER NOT NULL,
    refusal TEXT,
    last TEXT
  ) STRICT;
  CREATE INDEX recipient_by_message ON recipient (seq);
  CREATE INDEX recipient_by_due ON recipient (due, destination) WHERE state = ${WAITING};
  CREATE TABLE attempt (
    key INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempt TEXT NOT NULL,
    PRIMARY KEY (key, number)
  ) STRICT, WITHOUT ROWID;
`;

/** What makes each layout of the one before. */
const STEPS: readonly string[] = [FIRST];

/** Why a file of a later layout is not used, and what to do about it. */
export const ofLaterVersion = (layout: number): string =>
  `a later version of the program has written it (layout ${layout}, this one knows ${LAYOUT}): ` +
  "start that version, or let it deliver what is in the queue first";

/**
 * Brings a file to the present layout.
 *
 * @throws {Error} for a file that a later version has written
 */
export function migrate(db: DatabaseSync): void {
  const layout = Number(db.prepare("PRAGMA user_version").get()!["user_version"]);
  if (layout > LAYOUT) throw new Error(ofLaterVersion(layout));
  if (layout === LAYOUT) return;
  db.exec("BEGIN IMMEDIATE");
  for (const step of STEPS.slice(layout)) db.exec(step);
  db.exec(`PRAGMA user_version = ${LAYOUT}`);
  db.exec("COMMIT");
}
