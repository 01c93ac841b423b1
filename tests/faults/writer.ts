/**
 * A program that promises to keep texts, once by files and once by SQLite, with a mistake if it is told one: the
 * tests of power losses must find each.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";

/** What it can do wrong. */
export const MISTAKES = [
  "no sync of the file",
  "no sync of the directory",
  "no sync of the new directory",
  "the sync of the file comes after the promise",
  "synchronous=off",
  "synchronous=normal",
] as const;

export type Mistake = typeof MISTAKES[number] | "none";

/** What it promises to keep. */
export const contentOf = (name: string): string => name.repeat(name === "file-2" ? 1000 : 10);

function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  directory.syncSync();
}

function keepFile(root: string, name: string, mistake: Mistake): void {
  const directory = join(root, "files");
  using file = Deno.openSync(join(directory, `${name}.new`), { createNew: true, write: true });
  const isLate = mistake === "the sync of the file comes after the promise";
  const content = new TextEncoder().encode(contentOf(name));
  file.writeSync(content.subarray(0, 20));
  file.writeSync(content.subarray(20));
  if (mistake !== "no sync of the file" && !isLate) file.syncDataSync();
  Deno.renameSync(join(directory, `${name}.new`), join(directory, name));
  if (mistake !== "no sync of the directory") syncDirectory(directory);
  console.log(`kept ${name}`);
  if (isLate) file.syncDataSync();
}

if (import.meta.main) {
  const [root = "", mistake = "none"] = Deno.args as [string, Mistake];
  Deno.mkdirSync(join(root, "files"));
  if (mistake !== "no sync of the new directory") syncDirectory(root);
  for (let i = 1; i <= 3; i++) keepFile(root, `file-${i}`, mistake);

  using database = new DatabaseSync(join(root, "table"));
  const synchronous = /synchronous=(\w+)/.exec(mistake)?.[1] ?? "full";
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous}`);
  database.exec("PRAGMA wal_autocheckpoint=4; CREATE TABLE kept (name TEXT)");
  for (let i = 1; i <= 8; i++) {
    database.prepare("INSERT INTO kept VALUES (?)").run(`row-${i}`);
    console.log(`kept row-${i}`);
  }
}
