// Which apps run: what home/agent/apps.json says, now. The agent writes the file by rename; it is looked at twice a second,
// because watching a folder behaves differently on every system and file system.
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { AppEntry, AppHandler } from "./app-kinds";
import { AppServer } from "./app-server";
import { createEcho } from "./echo";
import { SHOP_APPS } from "./shop";
import type { Switches } from "./switches";

const port = z.number().int().min(1).max(65_535);
const entrySchema = z.object({
  proxyKey: z.string(),
  kind: z.enum(["demo", "echo"]),
  name: z.string(),
  version: z.string().nullish(),
  appPort: port,
  outboundPort: port,
});

function handlerFor({ kind, name }: AppEntry): AppHandler | undefined {
  return kind === "echo" ? createEcho() : SHOP_APPS[name];
}

export class AppRegistry {
  private readonly servers = new Map<string, AppServer>();
  private lastText = "";

  constructor(
    private readonly file: string,
    private readonly switches: Switches,
  ) {}

  get hasShop(): boolean {
    return [...this.servers.values()].some(({ entry }) => entry.kind === "demo" && entry.name === "storefront");
  }

  /** Starts and stops servers until they are those of the file. A file that is missing or half written changes nothing. */
  reconcile(): void {
    let text: string;
    let entries: AppEntry[];
    try {
      text = readFileSync(this.file, "utf8");
      if (text === this.lastText) return;
      entries = z
        .array(entrySchema)
        .parse(JSON.parse(text))
        .map(({ version, ...entry }) => ({ ...entry, ...(version ? { version } : {}) }));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") console.error(`${this.file} cannot be read: ${error}`);
      return;
    }
    this.lastText = text;
    const wanted = new Map(entries.map((entry) => [JSON.stringify(entry), entry]));
    for (const [key, server] of this.servers) {
      if (wanted.has(key)) continue;
      server.stop();
      this.servers.delete(key);
    }
    for (const [key, entry] of wanted) {
      if (this.servers.has(key)) continue;
      const handler = handlerFor(entry);
      if (!handler) {
        console.error(
          `${entry.proxyKey}: there is no demo app "${entry.name}"; known: ${Object.keys(SHOP_APPS).join(", ")}`,
        );
        continue;
      }
      const server = new AppServer(entry, handler, this.switches);
      server.start();
      this.servers.set(key, server);
    }
  }

  stop(): void {
    for (const server of this.servers.values()) server.stop();
    this.servers.clear();
  }
}
