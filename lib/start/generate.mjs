// `npm run generate`: makes the Prisma client, without network, and only when the schema or Prisma changed.
// Prisma would download a schema engine first; the client does not need it, so an executable that does nothing stands in.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { builtHashes, projectRoot, rememberBuilt, sourceHash } from "./source-hash.mjs";

const SOURCES = ["prisma/schema.prisma", "prisma.config.ts", "node_modules/prisma/package.json"];

/** Returns true when the client was made now, false when it was up to date. */
export function generate({ force = false } = {}) {
  const schema = path.join(projectRoot, "prisma", "schema.prisma");
  if (!fs.existsSync(schema)) throw new Error("prisma/schema.prisma is missing: the checkout is not complete.");
  const output = /^\s*output\s*=\s*"([^"]+)"/m.exec(fs.readFileSync(schema, "utf8"))?.[1];
  const client = output && path.resolve(path.dirname(schema), output);
  const hash = sourceHash(SOURCES);
  if (!force && client && fs.existsSync(client) && builtHashes().generate === hash) return false;

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "meshwright-generate-"));
  try {
    const engine = path.join(folder, "schema-engine");
    fs.writeFileSync(engine, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    const done = spawnSync(
      process.execPath,
      [path.join(projectRoot, "node_modules", "prisma", "build", "index.js"), "generate", "--schema", schema],
      {
        cwd: projectRoot,
        encoding: "utf8",
        env: {
          ...process.env,
          PRISMA_SCHEMA_ENGINE_BINARY: engine,
          PRISMA_HIDE_UPDATE_MESSAGE: "1",
          CHECKPOINT_DISABLE: "1",
          // The client is the same for every database; prisma.config may want a connection string to exist.
          DATABASE_URL: process.env.DATABASE_URL ?? "postgresql://unused@127.0.0.1:1/unused",
        },
      },
    );
    if (done.status !== 0) throw new Error(`prisma generate failed:\n${done.stdout}${done.stderr}`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  rememberBuilt("generate", hash);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    console.log(
      generate({ force: process.argv.includes("--force") }) ? "Prisma client made." : "Prisma client is up to date.",
    );
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
