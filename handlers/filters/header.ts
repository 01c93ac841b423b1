/**
 * The header of a message with the changes of filters.
 * @module
 */
import { Buffer } from "node:buffer";

/** A field, with one character for each octet. */
interface Field {
  readonly name: string;
  /** All of it, with its last line end. */
  readonly raw: string;
  /** Filters go on counting it. */
  readonly isDeleted?: boolean;
  /** A filter has written it. */
  readonly isNew?: boolean;
}

/** A header that can be changed. All that is not changed stays, octet by octet. */
export class EditableHeader {
  readonly #fields: Field[];
  /** The empty line, if there is one. */
  readonly #end: string;
  #isChanged = false;
  readonly #octets: Uint8Array;

  /** @param octets the header with its empty line, if it has one */
  constructor(octets: Uint8Array) {
    this.#octets = octets;
    const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
    const [end = ""] = /(?<=^|\n)\r?\n$/.exec(text) ?? [];
    this.#end = end;
    this.#fields = text.slice(0, text.length - end.length).split(/(?<=\n)(?![ \t])/)
      .filter((raw) => raw !== "")
      .map((raw) => ({ name: nameOf(raw), raw }));
  }

  /**
   * The fields as filters are told them: line ends in values are LF.
   *
   * @param keepsSpace whether the space before a value is a part of the value
   */
  *told(keepsSpace: boolean): Generator<readonly [name: string, value: string], undefined> {
    for (const { name, raw } of this.#fields) {
      const value = raw.slice(raw.indexOf(":") + 1).replace(/\r?\n$/, "").replaceAll("\r\n", "\n");
      yield [name, keepsSpace ? value : value.replace(/^[ \t]+/, "")];
    }
  }

  /** How many fields there are, or of one name. */
  count(name?: string): number {
    return name === undefined ? this.#fields.length : this.#placesOf(name).length;
  }

  /** Adds a field at the end. */
  add(name: string, value: string, keepsSpace: boolean): void {
    this.insert(this.#fields.length, name, value, keepsSpace);
  }

  /** Adds a field before the one at `index`, 0 for the top. */
  insert(index: number, name: string, value: string, keepsSpace: boolean): void {
    this.#isChanged = true;
    this.#fields.splice(index, 0, { name, raw: written(name, value, keepsSpace), isNew: true });
  }

  /** Changes the field that is the `index`-th with this name, from 1. Without a value, deletes it. */
  change(index: number, name: string, value: string, keepsSpace: boolean): void {
    const place = this.#placesOf(name)[Math.max(index, 1) - 1];
    if (place === undefined) return value === "" ? undefined : this.add(name, value, keepsSpace);
    if (value === "") return this.#delete(place);
    this.#isChanged = true;
    const { name: old } = this.#fields[place]!;
    this.#fields[place] = { name, raw: written(old, value, keepsSpace), isNew: true };
  }

  /** Deletes all fields of a name. */
  remove(name: string): void {
    for (const place of this.#placesOf(name)) this.#delete(place);
  }

  #delete(place: number): void {
    this.#isChanged = true;
    this.#fields[place] = { ...this.#fields[place]!, isDeleted: true };
  }

  #placesOf(name: string): readonly number[] {
    const wanted = name.toLowerCase();
    return this.#fields.flatMap((field, i) => field.name.toLowerCase() === wanted ? [i] : []);
  }

  /** The values of the fields of this name that a filter has written, with their line ends. */
  written(name: string): string[] {
    return this.#placesOf(name).map((place) => this.#fields[place]!)
      .filter(({ isNew }) => isNew === true)
      .map(({ raw }) => raw.slice(raw.indexOf(":") + 1));
  }

  /** The octets of the header with its changes. */
  octets(): Uint8Array {
    if (!this.#isChanged) return this.#octets;
    const fields = this.#fields.filter(({ isDeleted }) => isDeleted !== true)
      .map(({ raw }) => raw.endsWith("\n") ? raw : `${raw}\r\n`);
    return Buffer.from(fields.join("") + (this.#end || "\r\n"), "latin1");
  }
}

const nameOf = (raw: string): string => raw.slice(0, Math.max(raw.indexOf(":"), 0)).trimEnd();

/** A field that cannot be taken for two: each further line begins with white space, and none is empty. */
function written(name: string, value: string, keepsSpace: boolean): string {
  const [first = "", ...more] = value.split(/\r\n|\r|\n/);
  const lines = more.filter((line) => line.trim() !== "")
    .map((line) => /^[ \t]/.test(line) ? line : `\t${line}`);
  const space = keepsSpace || first === "" ? "" : " ";
  return [`${name}:${space}${first}`, ...lines].join("\r\n") + "\r\n";
}
