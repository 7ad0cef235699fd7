// LISTEN on one connection of its own, shared by everybody in the process who wants to know.
// The rule: a notification is a hint. After a lost connection `onGap` fires, and listeners read the tables again.
import pg from "pg";

export const CHANNELS = [
  "meshwright_draft",
  "meshwright_deployment",
  "meshwright_proxy",
  "meshwright_event",
  "meshwright_binding",
  "meshwright_presence",
  "meshwright_check",
  "meshwright_ca",
] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Notice {
  channel: Channel;
  /** An id: of the mesh, deployment or environment, or the event's number. */
  payload: string;
}

export interface Listener {
  stop(): Promise<void>;
}

export interface ListenOptions {
  url: string;
  channels?: readonly Channel[];
  onNotice(notice: Notice): void;
  /** Connected again (also the first time): notices may have been missed before this moment. */
  onGap?(): void;
  onError?(error: unknown): void;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

export function listen({ url, channels = CHANNELS, onNotice, onGap, onError }: ListenOptions): Listener {
  let client: pg.Client | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  let retryMs = FIRST_RETRY_MS;

  const again = () => {
    if (isStopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString: url, keepAlive: true, application_name: "meshwright-listen" });
    let isLost = false;
    const lost = (error?: unknown) => {
      if (isLost) return;
      isLost = true;
      if (error && !isStopped) onError?.(error);
      next.end().catch(() => undefined);
      if (client === next) client = undefined;
      again();
    };
    next.on("error", lost);
    next.on("end", () => lost());
    next.on("notification", ({ channel, payload }) =>
      onNotice({ channel: channel as Channel, payload: payload ?? "" }),
    );
    try {
      await next.connect();
      for (const channel of channels) await next.query(`LISTEN "${channel}"`);
    } catch (error) {
      lost(error);
      return;
    }
    if (isStopped) {
      await next.end();
      return;
    }
    client = next;
    retryMs = FIRST_RETRY_MS;
    onGap?.();
  }

  void connect();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
