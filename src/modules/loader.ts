/**
 * Loads modules from disk into a program that may be compiled: such a program has no TypeScript compiler, and cannot
 * find modules that were not compiled into it.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../base/message_of.ts";
import { addOrigin, type Origin } from "../base/origin.ts";
import { failureOf } from "../base/tried.ts";
import { faultAt, lineAndColumn, ModuleFault } from "./fault.ts";
import { type ModuleImport, relink } from "./links.ts";
import { isPackage, nodeModulesFor, packageHint } from "./packages.ts";
import { isTypeScript, stripTypes } from "./typescript.ts";

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads modules, each once, however many import it. They run from copies without types in a private directory, which is
 * removed when the loader is disposed of; from then on modules cannot `import()` each other.
 */
export class ModuleLoader implements Disposable {
  #root: string | undefined;
  #count = 0;
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
    return await import(await this.#copy(resolve(file)));
  }

  /** The URL of the copy of a module, from which another process loads it as long as there are copies. */
  stage(file: string): Promise<string> {
    return this.#copy(resolve(file));
  }

  /** The originals of all copies. */
  get origins(): readonly Origin[] {
    return Array.from(this.#copies, ([file, copy]) => originOf(file, copy));
  }

  [Symbol.dispose](): void {
    if (this.#root !== undefined) Deno.removeSync(this.#root, { recursive: true });
    this.#root = undefined;
  }

  /** The URL of the copy of a module. */
  async #copy(file: string): Promise<string> {
    const known = this.#copies.get(file);
    if (known !== undefined) return known;
    // A name that needs no quotes anywhere, with the ending of a module.
    const place = join(this.#folder(dirname(file)), `${this.#count++}.mjs`);
    const copy = pathToFileURL(place).href;
    this.#copies.set(file, copy); // before its imports, which may lead back here
    try {
      writeFileSync(place, await this.#copyOf(file));
    } catch (error) {
      this.#copies.delete(file);
      throw error;
    }
    addOrigin(originOf(file, copy));
    return copy;
  }

  /** A module without types, which imports copies of what it imports. */
  async #copyOf(file: string): Promise<string> {
    const source = readFileSync(file, "utf8");
    const code = isTypeScript(file) ? await stripTypes(source, file) : source;
    return await relink(code, file, (found) =>
      this.#target(
        found,
        file,
        (problem) => faultAt(lineAndColumn(code, found.offset), problem, file, source),
      ));
  }

  /** What a copy imports in the place of an import of the original. */
  async #target(
    { specifier, dynamic, isJson }: ModuleImport,
    importer: string,
    fault: (problem: string) => ModuleFault,
  ): Promise<string> {
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
    // The program's own modules, and files that are no modules, such as JSON, are not copied.
    const isCopied = isThere && !isOwn(url) && /\.m?[jt]s$/.test(file);
    return isCopied ? await this.#copy(file) : url.href;
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

const originOf = (file: string, copy: string): Origin => ({
  copy,
  source: pathToFileURL(file).href,
  name: file,
});

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
