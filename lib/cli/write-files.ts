// Several files of one answer, as a bundle is.
// The rule: a folder that holds something is refused, so nothing is ever written over.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UsageError } from "./io";

export function writeFiles(folder: string, files: readonly { path: string; text: string }[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new UsageError(`${folder} is not empty: name a new folder`);
    for (const file of files) {
      const place = path.join(folder, file.path);
      mkdirSync(path.dirname(place), { recursive: true });
      writeFileSync(place, file.text);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${folder} cannot be written (${(error as NodeJS.ErrnoException).code ?? "error"}): check the path`,
    );
  }
}
