// CSV (RFC 4180). One rule: a cell never begins a formula in a spreadsheet.
export const csvText = (lines: readonly (readonly string[])[]): string =>
  `${lines.map((cells) => cells.map(cell).join(",")).join("\r\n")}\r\n`;

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
