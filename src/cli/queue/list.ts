/**
 * `postmaster queue list`: one line a recipient.
 * @module
 */
import { printable } from "../../log/escape.ts";
import type { Filter, Listed, QueueDesk } from "../../queue/store.ts";
import { Printer } from "../printer.ts";
import { pages } from "./pages.ts";
import { Progress } from "./progress.ts";
import { counted, roughDuration, roughSize } from "./rough.ts";
import { type Column, Table } from "./table.ts";
import { listedAsJson, nextOf, reasonOf, senderOf, stateOf } from "./words.ts";

/** Prints recipients as they come. */
export class Listing {
  readonly #printer = new Printer();
  readonly #table = new Table(columnsAt(Date.now()));
  readonly #json: boolean;

  /** @param json whether as a JSON object a line */
  constructor(json: boolean) {
    this.#json = json;
  }

  print(items: readonly Listed[]): void {
    const lines = this.#json
      ? items.map((item) => JSON.stringify(listedAsJson(item)))
      : this.#table.lines(items);
    for (const line of lines) this.#printer.print(printable(line));
    this.#printer.flush();
  }
}

/** Prints all recipients that match. */
export async function list(desk: QueueDesk, filter: Filter, json: boolean): Promise<void> {
  const listing = new Listing(json);
  let count = 0;
  // On a terminal the lines themselves are the progress.
  using _progress = Deno.stdout.isTerminal()
    ? undefined
    : new Progress(() => counted(count, "recipient"));
  for await (const items of pages((after, limit) => desk.find(filter, after, limit))) {
    listing.print(items);
    count += items.length;
  }
}

const columnsAt = (now: number): Column<Listed>[] => [
  { head: "ID", cell: ({ message }) => message.id },
  {
    ...{ head: "AGE", least: "59 min".length, right: true },
    cell: ({ message }) => roughDuration(now - message.accepted),
  },
  { head: "SIZE", cell: ({ message }) => roughSize(message.size), right: true },
  { head: "SENDER", cell: ({ message }) => senderOf(message.sender) },
  { head: "RECIPIENT", cell: ({ recipient }) => recipient.recipient },
  { head: "STATE", cell: ({ recipient }) => stateOf(recipient.state) },
  { head: "TRIED", cell: ({ recipient }) => String(recipient.attempts), right: true },
  {
    ...{ head: "NEXT", least: "in 59 min".length },
    cell: ({ recipient }) => nextOf(recipient, now),
  },
  { head: "REASON", cell: ({ recipient }) => reasonOf(recipient) ?? "" },
];
