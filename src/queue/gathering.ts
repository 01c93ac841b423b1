/**
 * Puts together what is told of recipients of one message whose deliveries run at the same time, so that the sender is
 * told once.
 * @module
 */

/** Milliseconds for which what is known waits for what is not: it keeps its place in a lane meanwhile. */
const PATIENCE = 2000;

/** A delivery that runs. */
export interface Part<T> {
  /**
   * The delivery has ended, and this is to be told. It is written together with that of the other deliveries of the
   * message that run; `write` of one of them is called once with all of it.
   */
  tell(items: readonly T[], write: Write<T>): Promise<void>;
  /** The delivery has ended; if there was something to tell, it is told. */
  end(): void;
}

type Write<T> = (items: readonly T[]) => Promise<void>;

/** What waits for other deliveries of a message. */
interface Waiting<T> {
  readonly items: T[];
  readonly write: Write<T>;
  readonly written: PromiseWithResolvers<void>;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The deliveries of a message. */
interface Group<T> {
  running: number;
  waiting: Waiting<T> | undefined;
}

/** The deliveries that run, by message. */
export class Gathering<T> {
  readonly #groups = new Map<string, Group<T>>();
  readonly #patience: number;

  constructor(patience = PATIENCE) {
    this.#patience = patience;
  }

  /** A delivery of a message begins. */
  begin(message: string): Part<T> {
    const group: Group<T> = this.#groups.get(message) ?? { running: 0, waiting: undefined };
    this.#groups.set(message, group);
    group.running++;
    let runs = true;
    const end = () => {
      if (!runs) return;
      runs = false;
      if (--group.running > 0) return;
      this.#groups.delete(message);
      flush(group);
    };
    return {
      end,
      tell: (items, write) => {
        const waiting = group.waiting ??= {
          ...{ items: [], write, written: Promise.withResolvers() },
          timer: setTimeout(() => flush(group), this.#patience),
        };
        waiting.items.push(...items);
        end();
        return waiting.written.promise;
      },
    };
  }
}

function flush<T>(group: Group<T>): void {
  const { waiting } = group;
  if (waiting === undefined) return;
  group.waiting = undefined;
  clearTimeout(waiting.timer);
  waiting.write(waiting.items).then(waiting.written.resolve, waiting.written.reject);
}
