/**
 * Completions for fish.
 * @module
 */
import type { Flag, Place } from "./places.ts";

/** A file for `fish/vendor_completions.d`. */
export const fishCompletions = (places: readonly Place[]): string =>
  `# Completions of postmaster for fish.
function __postmaster_at
    set -l words (commandline -opc | string match --invert -- '-*')
    test "$words[2..]" = "$argv"
end
function __postmaster_in
    set -l words (commandline -opc | string match --invert -- '-*')
    string match --quiet -- "$argv *" "$words[2..] "
end
complete -c postmaster -f
${places.flatMap(completionsAt).join("\n")}
`;

function completionsAt({ path, commands, options, files }: Place): string[] {
  const test = path.length === 0 || commands.length > 0 ? "__postmaster_at" : "__postmaster_in";
  const begin = `complete -c postmaster -n '${[test, ...path].join(" ")}'`;
  return [
    ...commands.map(({ name, about }) => `${begin} -a ${name} -d ${quote(about)}`),
    ...options.map((option) => `${begin} ${flag(option)}`),
    ...files ? [`${begin} -F`] : [],
  ];
}

function flag({ short, long, about, value }: Flag): string {
  const names = [short && `-s ${short.slice(1)}`, `-l ${long.slice(2)}`].filter(Boolean).join(" ");
  return `${names}${valueOf(value)} -d ${quote(about)}`;
}

function valueOf(value: Flag["value"]): string {
  if (value === "none") return "";
  if (value === "file") return " -rF";
  return value === "other" ? " -x" : ` -xa '${value.join(" ")}'`;
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
