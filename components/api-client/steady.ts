"use client";
// A reading that failed stays failed in view until one succeeds. Rule: while it is tried again with nothing to show, the screen does not
// flip back to "reading" every few seconds; as soon as there is data, the query speaks for itself.
import { useRef } from "react";

interface Asked {
  data: unknown;
  error: Error | null;
}

export function useSteady<Q extends Asked>(query: Q): Q {
  const last = useRef<Error | null>(null);
  if (query.data !== undefined) last.current = null;
  else if (query.error) last.current = query.error;
  if (query.error || !last.current) return query;
  return { ...query, error: last.current, isPending: false, isLoading: false };
}
