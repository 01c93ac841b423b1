/**
 * Values that cannot be changed.
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

/** Makes a mark. With a class instead, the objects would not be plain; a `WeakSet` would cost fifty times as much. */
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
 * A frozen copy of plain data, as in JSON. Each member of an array or object is read once, so that a getter or a
 * Proxy cannot give another value later. Members without a value are left out.
 *
 * @throws {TypeError} for anything but plain data, such as a function or a Map
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

/** Uses no methods of the array, which may be replaced, and no iterator, which is slow. */
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

/** Makes a map read-only; `Object.freeze` alone does not. */
export function frozenMap<K, V>(map: Map<K, V>): ReadonlyMap<K, V> {
  return Object.freeze(Object.defineProperties(map, UNCHANGEABLE));
}

const refuse = {
  value: () => {
    throw new TypeError("this map cannot be changed: make another");
  },
};
const UNCHANGEABLE = { set: refuse, delete: refuse, clear: refuse };
