/**
 * The commands that change recipients in the queue: all that match, page by page.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import type { Change, Filter, Listed, QueueDesk } from "../../queue/store.ts";
import { confirm } from "./confirm.ts";
import { Listing } from "./list.ts";
import { pages } from "./pages.ts";
import { Progress } from "./progress.ts";
import { counted } from "./rough.ts";

/** How a change is made. */
export interface ChangeOptions {
  /** Only says what would change. */
  readonly dryRun: boolean;
  /** Asks nothing. */
  readonly yes: boolean;
  /** Prints each recipient as a JSON object. */
  readonly json: boolean;
}

/** What becomes of recipients. */
const BECOMES: { readonly [K in Change["kind"]]: string } = {
  hold: "put on hold",
  release: "released",
  retry: "made due",
  reroute: "rerouted",
  bounce: "returned to the sender",
  drop: "dropped",
};

/** The changes that cannot be changed back. */
const FINAL: ReadonlySet<Change["kind"]> = new Set(["bounce", "drop"]);

/** Changes all that match, and says how many they were. */
export async function change(
  desk: QueueDesk,
  filter: Filter,
  change: Change,
  { dryRun, yes, json }: ChangeOptions,
): Promise<void> {
  const run = new Run(desk, filter, change);
  if (FINAL.has(change.kind) && !dryRun && !yes) {
    const would = new Run(desk, filter, change);
    await would.all(true, () => {});
    confirm(would.recipients, `${would.count} would be ${BECOMES[change.kind]}`);
  }
  const listing = json || dryRun ? new Listing(json) : undefined;
  await run.all(dryRun, (items) => listing?.print(items));
  if (!json) console.log(`${run.count} ${dryRun ? "would be" : run.were} ${BECOMES[change.kind]}`);
}

/** One way through all that match. */
class Run {
  readonly #desk: QueueDesk;
  readonly #filter: Filter;
  readonly #change: Change;
  readonly #messages = new Set<string>();
  recipients = 0;

  constructor(desk: QueueDesk, filter: Filter, change: Change) {
    this.#desk = desk;
    this.#filter = filter;
    this.#change = change;
  }

  /** How many there were so far. */
  get count(): string {
    const messages = this.#messages.size;
    return `${counted(this.recipients, "recipient")} of ${counted(messages, "message")}`;
  }

  get were(): string {
    return this.recipients === 1 ? "was" : "were";
  }

  /** @throws {Error} that says what was done before */
  async all(dryRun: boolean, print: (items: readonly Listed[]) => void): Promise<void> {
    using interrupt = new Interrupt();
    using _progress = new Progress(() => this.count);
    const ask = (after: number, limit: number) =>
      this.#desk.change(this.#filter, this.#change, { after, limit, dryRun });
    try {
      for await (const items of pages(ask)) {
        this.recipients += items.length;
        for (const { message } of items) this.#messages.add(message.id);
        print(items);
        if (interrupt.came) throw new Error("interrupted");
      }
    } catch (error) {
      if (this.recipients === 0 || dryRun || error instanceof Deno.errors.BrokenPipe) throw error;
      const done = `${this.count} ${this.were} ${BECOMES[this.#change.kind]}`;
      throw new Error(`${messageOf(error)}: before that, ${done}`);
    }
  }
}

/** Notes Ctrl-C, so that a change ends between two pages; the second one ends the program. */
class Interrupt implements Disposable {
  readonly #note = (): void => {
    if (this.came) Deno.exit(130);
    this.came = true;
  };
  came = false;

  constructor() {
    Deno.addSignalListener("SIGINT", this.#note);
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#note);
  }
}
