// A map of texts as lines "name: text". Rule: lines are in the order of their names, whatever order the draft comes back in.

export type Lines = { ok: true; fields: Record<string, string> } | { ok: false; message: string };

export function linesOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}: ${text}`)
    .join("\n");
}

export function readLines(text: string): Lines {
  const fields: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const at = line.indexOf(":");
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (at < 0 || name === "" || value === "")
      return { ok: false, message: `Line ${index + 1} has to be a name, a colon and what it says.` };
    if (Object.hasOwn(fields, name)) return { ok: false, message: `Line ${index + 1} names ${name} again.` };
    fields[name] = value;
  }
  return { ok: true, fields };
}
