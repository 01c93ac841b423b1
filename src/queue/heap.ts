/**
 * Things with times, of which the earliest comes first. Each operation takes logarithmic time.
 * @module
 */
interface Timed<T> {
  readonly time: number;
  readonly item: T;
}

export class Heap<T> {
  readonly #nodes: Timed<T>[] = [];

  get size(): number {
    return this.#nodes.length;
  }

  /** The earliest one, which stays. */
  peek(): Timed<T> | undefined {
    return this.#nodes[0];
  }

  push(time: number, item: T): void {
    const node = { time, item };
    let place = this.#nodes.push(node) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#nodes[above]!.time <= time) break;
      this.#nodes[place] = this.#nodes[above]!;
      place = above;
    }
    this.#nodes[place] = node;
  }

  /** The earliest one, which goes. */
  pop(): Timed<T> | undefined {
    const [first] = this.#nodes;
    const last = this.#nodes.pop();
    if (last !== undefined && this.#nodes.length > 0) this.#sink(last);
    return first;
  }

  /** Puts a node at the top, and lets it sink to its place. */
  #sink(node: Timed<T>): void {
    const nodes = this.#nodes;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= nodes.length) break;
      if (below + 1 < nodes.length && nodes[below + 1]!.time < nodes[below]!.time) below++;
      if (nodes[below]!.time >= node.time) break;
      nodes[place] = nodes[below]!;
      place = below;
    }
    nodes[place] = node;
  }
}
