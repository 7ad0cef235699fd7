// Host names of routes and listeners: a route serves where both agree, and the narrower name wins.

const ANY = "*";

/** `*.example.com` takes `a.example.com` and `a.b.example.com`, not `example.com`. */
export function coversHost(wide: string, narrow: string): boolean {
  if (wide === ANY || wide === narrow) return true;
  return wide.startsWith("*.") && narrow.length > wide.length - 1 && narrow.endsWith(wide.slice(1));
}

/** What a route with these hosts serves on listeners with those; in the order of the route, each once. */
export function intersectHosts(route: readonly string[], listeners: readonly string[]): string[] {
  const found = route.flatMap((host) =>
    listeners.flatMap((other) => (coversHost(other, host) ? [host] : coversHost(host, other) ? [other] : [])),
  );
  return [...new Set(found)];
}
