// The entries of the rail. Job: names, paths, icons and keys in one list. Rule: an entry stands here only when its
// screen does real work; the order is the order in which a change lives.
import {
  IconAlertTriangle,
  IconBox,
  IconChartLine,
  IconChecklist,
  IconFileExport,
  IconFileImport,
  IconFileText,
  IconGavel,
  IconHome,
  IconRocket,
  IconRoute,
  IconScale,
  IconSettings,
  IconShieldLock,
  IconTestPipe,
  IconTopologyStar3,
} from "@tabler/icons-react";

export interface NavigationEntry {
  id: string;
  label: string;
  short: string;
  path: string;
  key: string;
  icon: typeof IconHome;
  hint: string;
  /** On a phone the first four stand in the bottom bar, the others under "More". */
  onPhone: boolean;
  /** Screens without an entry of their own, reached from this one. */
  also?: readonly string[];
}

/** Is the screen of this path the entry's, or one that is reached from it? */
export function isOfEntry({ path, also = [] }: Pick<NavigationEntry, "path" | "also">, pathname: string): boolean {
  const [, , , screen = ""] = pathname.split("/");
  return screen === path || also.includes(screen);
}

export const navigation: readonly NavigationEntry[] = [
  {
    id: "overview",
    label: "Overview",
    short: "Overview",
    path: "overview",
    key: "o",
    icon: IconHome,
    hint: "Is this mesh all right?",
    onPhone: true,
  },
  {
    id: "topology",
    label: "Topology",
    short: "Topology",
    path: "topology",
    key: "t",
    icon: IconTopologyStar3,
    hint: "Who talks to whom?",
    onPhone: true,
  },
  {
    id: "services",
    label: "Services",
    short: "Services",
    path: "services",
    key: "e",
    icon: IconBox,
    hint: "Which service needs its owner?",
    onPhone: false,
  },
  {
    id: "import",
    label: "Import",
    short: "Import",
    path: "import",
    key: "i",
    icon: IconFileImport,
    hint: "Bring what you run already in",
    onPhone: false,
    also: ["merge"],
  },
  {
    id: "export",
    label: "Export",
    short: "Export",
    path: "export",
    key: "x",
    icon: IconFileExport,
    hint: "What would another product make of it?",
    onPhone: false,
  },
  {
    id: "policies",
    label: "Policies",
    short: "Policies",
    path: "policies",
    key: "l",
    icon: IconRoute,
    hint: "What is the rule, and what does a change do?",
    onPhone: false,
  },
  {
    id: "findings",
    label: "Findings",
    short: "Findings",
    path: "findings",
    key: "f",
    icon: IconAlertTriangle,
    hint: "What should be changed?",
    onPhone: false,
  },
  {
    id: "simulate",
    label: "Simulate",
    short: "Simulate",
    path: "simulate",
    key: "m",
    icon: IconTestPipe,
    hint: "What would happen to this request?",
    onPhone: false,
  },
  {
    id: "checklist",
    label: "Checklist",
    short: "Checklist",
    path: "checklist",
    key: "c",
    icon: IconChecklist,
    hint: "Would we pass, and can we prove it?",
    onPhone: false,
  },
  {
    id: "reviews",
    label: "Reviews",
    short: "Reviews",
    path: "reviews",
    key: "v",
    icon: IconGavel,
    hint: "What is decided, and by whom?",
    onPhone: false,
  },
  {
    id: "rollouts",
    label: "Rollouts",
    short: "Rollouts",
    path: "rollouts",
    key: "r",
    icon: IconRocket,
    hint: "Deploy and roll back",
    onPhone: true,
  },
  {
    id: "signals",
    label: "Signals",
    short: "Signals",
    path: "signals",
    key: "s",
    icon: IconChartLine,
    hint: "Latency, traffic, errors, saturation",
    onPhone: true,
  },
  {
    id: "proxies",
    label: "Proxies & identity",
    short: "Proxies",
    path: "proxies",
    key: "p",
    icon: IconShieldLock,
    hint: "Sidecars and certificates",
    onPhone: false,
  },
  {
    id: "selection",
    label: "Selection",
    short: "Selection",
    path: "selection",
    key: "n",
    icon: IconScale,
    hint: "Which mesh product fits?",
    onPhone: false,
  },
  {
    id: "document",
    label: "Document",
    short: "Document",
    path: "document",
    key: "d",
    icon: IconFileText,
    hint: "The design in writing, as Markdown and PDF",
    onPhone: false,
  },
  {
    id: "settings",
    label: "Settings",
    short: "Settings",
    path: "settings",
    key: ",",
    icon: IconSettings,
    hint: "People, tokens, environments",
    onPhone: false,
  },
];
