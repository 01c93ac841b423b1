/**
 * The systems that a program can be compiled for.
 * @module
 */

/** What the executables of a system begin with. */
interface Format {
  readonly magic: string;
  /** Where the kind of processor stands, two bytes, the lower one first. */
  readonly machineAt: number;
  readonly machine: number;
}

const ELF = { magic: "\x7fELF", machineAt: 18 };
const MACH_O = { magic: "\xcf\xfa\xed\xfe", machineAt: 4 };

/** The targets by the names that Deno has for them. */
export const TARGETS = {
  "x86_64-unknown-linux-gnu": { ...ELF, machine: 0x3e },
  "aarch64-unknown-linux-gnu": { ...ELF, machine: 0xb7 },
  "x86_64-apple-darwin": { ...MACH_O, machine: 0x07 },
  "aarch64-apple-darwin": { ...MACH_O, machine: 0x0c },
  // That of a Windows program stands where its header says; there is only one Windows here.
  "x86_64-pc-windows-msvc": { magic: "MZ", machineAt: 0, machine: 0x5a4d },
} as const satisfies Readonly<Record<string, Format>>;

/** The name of a target. */
export type Target = keyof typeof TARGETS;

/** The names of all targets. */
export const TARGET_NAMES = Object.keys(TARGETS) as readonly Target[];

/** The target that an executable is for; `undefined` if it is for none, or none. */
export function targetOf(executable: Uint8Array): Target | undefined {
  const magic = String.fromCharCode(...executable.subarray(0, 4));
  return TARGET_NAMES.find((name) => {
    const format: Format = TARGETS[name];
    const { machineAt: at, machine } = format;
    const found = (executable[at] ?? 0) | (executable[at + 1] ?? 0) << 8;
    return magic.startsWith(format.magic) && found === machine;
  });
}
