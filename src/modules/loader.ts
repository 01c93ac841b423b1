/**
 * Loads modules from disk into a program that may be compiled: such a program has no TypeScript compiler, and cannot
 * find modules that were not compiled into it.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { digest } from "../base/digest.ts";
import { messageOf } from "../base/message_of.ts";
import { addOrigin } from "../base/origin.ts";
import { failureOf } from "../base/tried.ts";
import { faultAt, lineAndColumn, ModuleFault } from "./fault.ts";
import { type ModuleImport, relink } from "./links.ts";
import { isPackage, nodeModulesFor, packageHint } from "./packages.ts";
import { isTypeScript, stripTypes } from "./typescript.ts";

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** A module as it is on disk. */
interface Original {
  readonly source: string;
  /** Without types. */
  readonly code: string;
  /** The files that it imports, which run from copies too. */
  readonly imports: ReadonlySet<string>;
}

/**
 * The URLs of the copies that have run, by all that they are made of. The runtime never forgets a module, so one that
 * is loaded again as it was is the same, with what it has kept in its variables.
 */
const loaded = new Map<string, string>();

/**
 * Loads modules, each once, however many import it. They run from copies without types in a private directory, which is
 * removed when the loader is disposed of; from then on modules cannot `import()` each other. Another loader gives the
 * same module while neither it nor what it imports has changed.
 */
export class ModuleLoader implements Disposable {
  #root: string | undefined;
  #count = 0;
  readonly #originals = new Map<string, Original>();
  /** URLs of copies by the paths of their originals. */
  readonly #copies = new Map<string, string>();
  /** Folders of copies by those of their originals. */
  readonly #folders = new Map<string, string>();

  /**
   * Loads a module. Throws what the module throws.
   *
   * @throws {ModuleFault} if it is no TypeScript, or imports what does not exist
   */
  async load(file: string): Promise<Exports> {
    const path = resolve(file);
    await this.#read(path);
    const exports = await import(await this.#copy(path));
    for (const one of this.#reachable(path)) loaded.set(this.#keyOf(one), this.#copies.get(one)!);
    return exports;
  }

  /** What tells whether a module, or what it imports, has changed; it is not run. */
  async fingerprint(file: string): Promise<string> {
    const path = resolve(file);
    await this.#read(path);
    return this.#keyOf(path);
  }

  /** The files of all modules that were looked at, and of what they import, with what tells their versions. */
  get versions(): ReadonlyMap<string, string> {
    return new Map([...this.#originals].map(([file, { source }]) => [file, digest(source)]));
  }

  [Symbol.dispose](): void {
    if (this.#root !== undefined) Deno.removeSync(this.#root, { recursive: true });
    this.#root = undefined;
  }

  /** Reads a module, and all that it imports. */
  async #read(file: string): Promise<void> {
    if (this.#originals.has(file)) return;
    const source = readFileSync(file, "utf8");
    const imports = new Set<string>();
    const isCode = isModule(file);
    const code = isTypeScript(file) ? await stripTypes(source, file) : source;
    this.#originals.set(file, { source, code, imports }); // before its imports, which may lead back here
    if (!isCode) return;
    try {
      await relink(code, file, async (found) => {
        const target = targetOf(
          found,
          file,
          (problem) => faultAt(lineAndColumn(code, found.offset), problem, file, source),
        );
        if (typeof target === "string") return target;
        imports.add(target.file);
        await this.#read(target.file);
        return found.specifier;
      });
    } catch (error) {
      this.#originals.delete(file);
      throw error;
    }
  }

  /** A file, and all that it imports. */
  #reachable(file: string): ReadonlySet<string> {
    const all = new Set([file]);
    for (const one of all) for (const next of this.#originals.get(one)!.imports) all.add(next);
    return all;
  }

  /** What a copy is made of. */
  #keyOf(file: string): string {
    const parts = [...this.#reachable(file)].toSorted();
    return digest(
      JSON.stringify([file, parts.map((one) => [one, this.#originals.get(one)!.source])]),
    );
  }

  /** The URL of the copy of a module, which has been read. */
  async #copy(file: string): Promise<string> {
    const known = this.#copies.get(file) ?? loaded.get(this.#keyOf(file));
    if (known !== undefined) {
      this.#copies.set(file, known);
      return known;
    }
    // A name that needs no quotes anywhere, with the ending of a module.
    const ending = isModule(file) ? "mjs" : "json";
    const place = join(this.#folder(dirname(file)), `${this.#count++}.${ending}`);
    const copy = pathToFileURL(place).href;
    this.#copies.set(file, copy); // before its imports, which may lead back here
    const { code } = this.#originals.get(file)!;
    const linked = !isModule(file) ? code : await relink(code, file, async (found) => {
      const target = targetOf(found, file, (problem) => new ModuleFault(problem));
      return typeof target === "string" ? target : await this.#copy(target.file);
    });
    writeFileSync(place, linked);
    addOrigin({ copy, source: pathToFileURL(file).href, name: file });
    return copy;
  }

  /** The folder for copies of the modules in a directory. Packages are found from both in the same way. */
  #folder(directory: string): string {
    const known = this.#folders.get(directory);
    if (known !== undefined) return known;
    this.#root ??= makeRoot();
    const folder = join(this.#root, String(this.#folders.size));
    this.#folders.set(directory, folder);
    mkdirSync(folder);
    const packages = nodeModulesFor(directory);
    if (packages !== undefined) symlinkSync(packages, join(folder, "node_modules"), "junction");
    return folder;
  }
}

/** True for what has imports; other files that run from copies are JSON. */
const isModule = (file: string): boolean => /\.m?[jt]s$/.test(file);

/** What is imported: a specifier that stays as it is, or a file that runs from a copy. */
function targetOf(
  { specifier, dynamic, isJson }: ModuleImport,
  importer: string,
  fault: (problem: string) => ModuleFault,
): string | { readonly file: string } {
  if (!/^(\.{0,2}\/|file:)/.test(specifier)) {
    if (dynamic || isPackage(specifier, importer)) return specifier;
    throw fault(`there is no \`${specifier}\`: ${packageHint(specifier)}`);
  }
  const url = new URL(specifier, pathToFileURL(importer));
  const file = fileURLToPath(url);
  const isThere = existsSync(file);
  if (!isThere && !dynamic) throw fault(`there is no file ${file}${otherwise(file)}`);
  const unusable = isThere && !dynamic ? faultInFile(file, isJson) : undefined;
  if (unusable !== undefined) throw fault(unusable);
  // The program's own modules, and files of other kinds, are not copied.
  const isCopied = isThere && !isOwn(url) && (isModule(file) || isJson);
  return isCopied ? { file } : url.href;
}

function makeRoot(): string {
  try {
    return Deno.makeTempDirSync({ prefix: "postmaster-modules-" });
  } catch (error) {
    throw new ModuleFault(
      `a directory for its copy cannot be made in ${tmpdir()}: ${messageOf(error)}: make that ` +
        "writable for the server's user, or set TMPDIR to another",
    );
  }
}

const OWN = ["../", "../../handlers/"].map((path) => new URL(path, import.meta.url).href);
const isOwn = ({ href }: URL) => OWN.some((folder) => href.startsWith(folder));

/** What is wrong with a file that is imported, in clearer words than Deno's. */
function faultInFile(file: string, isJson: boolean): string | undefined {
  if (statSync(file).isDirectory()) return `${file} is a directory: import a file in it`;
  if (!isJson) {
    return file.endsWith(".json") ? 'JSON is imported `with { type: "json" }`' : undefined;
  }
  const failure = failureOf(() => JSON.parse(readFileSync(file, "utf8")));
  return failure && `cannot read ${file}: ${failure}`;
}

/** `: did you mean policy.ts?`, for a file that exists with another ending. */
function otherwise(file: string): string {
  const stem = file.replace(/\.[cm]?js$/, "");
  const meant = [".ts", ".mts", ".js", ".mjs"].map((ending) => stem + ending).find(existsSync);
  return meant === undefined ? "" : `: did you mean ${basename(meant)}?`;
}
