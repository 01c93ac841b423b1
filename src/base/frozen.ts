/**
 * Values that nobody can change, whoever has them.
 *
 * @module
 */

/** A mark that only its owner can put on objects. */
export interface Mark {
  /** Marks an object, and makes its own members unchangeable. */
  freeze<T extends object>(object: T): T;
  /** Whether an object has the mark. A Proxy of it has not. */
  isOn(object: object): boolean;
}

class Itself {
  constructor(object: object) {
    return object;
  }
}

/**
 * Makes a mark. Plain objects stay plain ones, as they would not with a class of their own; and a `WeakSet` of them would
 * cost fifty times as much.
 */
export function mark(): Mark {
  class Marked extends Itself {
    readonly #mark = true;
    static isOn(object: object): boolean {
      return #mark in object;
    }
  }
  return {
    freeze: (object) => Object.freeze(new Marked(object)) as typeof object,
    isOn: Marked.isOn,
  };
}

const DATA = mark();

/**
 * A copy of plain data, as JSON has it, that nobody can change. What an array or object holds is looked at once, so
 * that a getter or a Proxy cannot answer differently later. Members without a value are left out.
 *
 * @throws {TypeError} for what is no plain data, such as a function or a Map
 */
export function frozenData<T>(data: T): T {
  return copyOf(data) as T;
}

function copyOf(data: unknown): unknown {
  if (data === null || SIMPLE.has(typeof data)) return data;
  if (typeof data !== "object") throw new TypeError(`${describe(data)} is no plain data`);
  if (DATA.isOn(data)) return data;
  if (Array.isArray(data)) return DATA.freeze(copyOfList(data));
  if (!isPlain(data)) throw new TypeError(`${describe(data)} is no plain data`);
  const members = Object.entries(data).filter(([, value]) => value !== undefined);
  return DATA.freeze(Object.fromEntries(members.map(([name, value]) => [name, copyOf(value)])));
}

/** Without the array's own methods, which may be others than they seem, and without an iterator, which is slow. */
function copyOfList(list: readonly unknown[]): unknown[] {
  const copy: unknown[] = [];
  for (let i = 0; i < list.length; i++) copy.push(copyOf(list[i]));
  return copy;
}

const SIMPLE: ReadonlySet<string> = new Set(["string", "number", "boolean"]);

function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

const describe = (value: unknown): string =>
  typeof value === "object" ? `a ${value?.constructor?.name}` : `${typeof value} ${String(value)}`;

/** Makes a map one that nobody can change; `Object.freeze` alone does not. */
export function frozenMap<K, V>(map: Map<K, V>): ReadonlyMap<K, V> {
  return Object.freeze(Object.defineProperties(map, UNCHANGEABLE));
}

const refuse = {
  value: () => {
    throw new TypeError("this map cannot be changed: make another");
  },
};
const UNCHANGEABLE = { set: refuse, delete: refuse, clear: refuse };
