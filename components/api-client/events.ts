// Live news, one stream per browser. Job: the tab that holds the lock keeps the EventSource and tells the others over a
// BroadcastChannel. Rule: news only invalidates queries; it never carries data into a screen.
import type { QueryClient } from "@tanstack/react-query";
import { reportReachable, reportUnreachable } from "./connection";
import { keysTouchedBy, type LiveEvent } from "./keys";

const lockName = "meshwright-events";
const channelName = "meshwright-events";
const types = ["draft", "deployment", "proxy", "signals", "event", "check", "presence"] as const;

/** Starts listening; returns how to stop. */
export function listenForEvents(client: QueryClient): () => void {
  const stop = new AbortController();
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(channelName);
  const apply = coalesce((event) => {
    for (const key of keysTouchedBy(event)) void client.invalidateQueries({ queryKey: key });
  });
  if (channel) channel.onmessage = (message: MessageEvent<LiveEvent>) => apply(message.data);

  const lead = () =>
    new Promise<void>((resolve) => {
      // The lock may be granted in the same turn in which we were told to stop; held by nobody, it would silence every tab.
      if (stop.signal.aborted) return resolve();
      const source = new EventSource("/api/v1/events/stream");
      const publish = (event: LiveEvent) => {
        apply(event);
        channel?.postMessage(event);
      };
      const read = (message: MessageEvent<string>) => {
        const event = parse(message.data, message.type);
        if (event) publish(event);
      };
      source.onopen = () => reportReachable();
      source.onmessage = read;
      for (const type of types) source.addEventListener(type, read);
      source.onerror = () => {
        if (source.readyState === EventSource.CONNECTING) reportUnreachable();
      };
      const end = () => {
        source.close();
        resolve();
      };
      // The lock may be granted after the page has left: an abort in the past calls nobody.
      if (stop.signal.aborted) end();
      else stop.signal.addEventListener("abort", end);
    });

  if (navigator.locks) {
    navigator.locks.request(lockName, { signal: stop.signal }, lead).catch(() => undefined);
  } else {
    void lead();
  }
  return () => {
    stop.abort();
    channel?.close();
  };
}

function parse(text: string, type: string): LiveEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    return { type, ...(value as object) } as LiveEvent;
  } catch {
    return null;
  }
}

/** Many events within 150 ms become one invalidation per kind and mesh. */
function coalesce(handle: (event: LiveEvent) => void): (event: LiveEvent) => void {
  const waiting = new Map<string, LiveEvent>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (event) => {
    waiting.set(`${event.type} ${event.mesh ?? ""}`, event);
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      const batch = [...waiting.values()];
      waiting.clear();
      for (const each of batch) handle(each);
    }, 150);
  };
}
