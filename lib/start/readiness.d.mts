/** The last lines of a file, "(no log)" when it cannot be read. */
export function tailOf(file: string, lines?: number): string;
