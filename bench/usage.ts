/**
 * What a server of one or many processes uses, by /proc (Linux).
 *
 * @module
 */

/** CPU time in milliseconds, and memory in octets. */
export interface Usage {
  readonly cpu: number;
  readonly memory: number;
}

/**
 * The use of a process, of its children, and of theirs: CPU time with that of those that have ended, in steps of 10 ms;
 * memory without what is shared counted twice (PSS).
 */
export function usageOf(pid: number): Usage {
  const parents = new Map<number, number[]>();
  const cpus = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const text = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined;
    if (text === undefined) continue;
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number); // proc_pid_stat(5), from `state`
    parents.set(fields[1]!, [...parents.get(fields[1]!) ?? [], Number(name)]);
    cpus.set(Number(name), 10 * (fields[11]! + fields[12]! + fields[13]! + fields[14]!));
  }
  const family = [pid];
  for (const member of family) family.push(...parents.get(member) ?? []);
  const sum = (of: (pid: number) => number) => family.reduce((sum, pid) => sum + of(pid), 0);
  return { cpu: sum((pid) => cpus.get(pid) ?? 0), memory: sum(memoryOf) };
}

const memoryOf = (pid: number): number =>
  1024 * Number(/^Pss: +(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0);

/** Nothing if the process has ended. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
