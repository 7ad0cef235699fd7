// Proxies in words. Rule: in sync means the proxy reported the digest that is wanted, nothing else.
import { plural } from "@/components/ui/format";
import type { Mark, Status } from "@/components/ui/status-words";

export interface ProxyFacts {
  proxyKey: string;
  state: string;
  desired: string;
  ready: boolean;
  draining: boolean;
  inSync: boolean;
  certificate: { notAfter: string | null } | null;
}

export function proxyState(proxy: ProxyFacts): { status: Mark; word: string } {
  if (proxy.state === "nack") return { status: "failing", word: "NACK" };
  if (proxy.state === "disconnected")
    return {
      status: proxy.desired === "running" ? "failing" : "note",
      word: proxy.desired === "running" ? "disconnected" : "stopped",
    };
  if (proxy.draining || proxy.desired === "draining") return { status: "attention", word: "draining" };
  if (proxy.state === "pending") return { status: "unmeasured", word: "pending" };
  if (!proxy.ready) return { status: "attention", word: "not ready" };
  return proxy.inSync ? { status: "ok", word: "in sync" } : { status: "attention", word: "catching up" };
}

export function certificateStatus(notAfter: string | null | undefined, nowMs: number): Status {
  if (!notAfter) return "unmeasured";
  const left = new Date(notAfter).getTime() - nowMs;
  if (left <= 0) return "failing";
  return left < 3_600_000 ? "attention" : "ok";
}

export function proxiesAnswer(proxies: readonly ProxyFacts[], nowMs: number): { status: Mark; text: string } {
  const running = proxies.filter((proxy) => proxy.desired === "running");
  if (running.length === 0)
    return { status: "note", text: "No proxy runs. One starts beside each workload at the first deployment." };
  const count = (test: (proxy: ProxyFacts) => boolean) => running.filter(test).length;
  const refused = count((proxy) => proxy.state === "nack");
  const gone = count((proxy) => proxy.state === "disconnected");
  const expired = count((proxy) => certificateStatus(proxy.certificate?.notAfter, nowMs) === "failing");
  const inSync = count((proxy) => proxyState(proxy).word === "in sync");
  if (refused > 0)
    return {
      status: "failing",
      text: `${plural(refused, "proxy", "proxies")} of ${running.length} refused the configuration.`,
    };
  if (gone > 0)
    return { status: "failing", text: `${plural(gone, "proxy", "proxies")} of ${running.length} cannot be reached.` };
  if (expired > 0) return { status: "failing", text: `${plural(expired, "certificate")} ended.` };
  if (inSync < running.length)
    return { status: "attention", text: `${inSync} of ${plural(running.length, "proxy", "proxies")} are in sync.` };
  return {
    status: "ok",
    text: `All ${plural(running.length, "proxy", "proxies")} are in sync, each with a valid certificate.`,
  };
}
