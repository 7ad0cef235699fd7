// The Meshwright under test, as lib/start/e2e.mjs started it.

export interface Subject {
  url: string;
  home: string;
  demoUrl?: string;
  switchesPort?: number;
  chromium: { executable: string; arguments: string[] };
  isScreens: boolean;
}

export function subject(): Subject {
  const text = process.env.MESHWRIGHT_E2E;
  if (!text) throw new Error("Run the browser tests with: npm run e2e");
  return JSON.parse(text);
}
