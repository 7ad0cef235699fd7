// The Mantine theme. Job: map the design tokens of app/globals.css onto Mantine. Rule: one accent, 4 px grid,
// no shadow or colour of its own; what a component needs beyond this is a CSS module next to it.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const iris: MantineColorsTuple = [
  "#eceaff",
  "#d6d3ff",
  "#b9b5ff",
  "#a9a6ff",
  "#8f8bff",
  "#6b64f2",
  "#4f46e5",
  "#4338ca",
  "#372fa8",
  "#2b2585",
];

// Mantine takes its dark surfaces, borders and texts from here; the same steps as the tokens.
const slate: MantineColorsTuple = [
  "#e7eaf0",
  "#c3cad6",
  "#a0aaba",
  "#7d889a",
  "#343d4a",
  "#262d37",
  "#1b2028",
  "#15191f",
  "#101419",
  "#0b0e12",
];

export const theme = createTheme({
  primaryColor: "iris",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  respectReducedMotion: true,
  luminanceThreshold: 0.28,
  colors: { iris, dark: slate },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, Menlo, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "24px", xl: "28px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "16px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "28px" },
      h2: { fontSize: "16px", lineHeight: "24px" },
      h3: { fontSize: "14px", lineHeight: "20px" },
    },
  },
  components: {
    Button: { defaultProps: { size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } },
    // As they ship, close buttons have no name, and here the text is too pale under a title.
    Notification: {
      defaultProps: { closeButtonProps: { "aria-label": "Close" } },
      styles: { description: { color: "var(--mw-text)" } },
    },
    Modal: { defaultProps: { radius: "md", centered: true, closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
    Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: 16, fz: "sm" } },
  },
});

export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--mw-bg)",
    "--mantine-color-text": "var(--mw-text)",
    "--mantine-color-dimmed": "var(--mw-text-dim)",
    "--mantine-color-placeholder": "var(--mw-text-dim)",
    "--mantine-color-default": "var(--mw-surface)",
    "--mantine-color-default-hover": "var(--mw-hover)",
    "--mantine-color-default-color": "var(--mw-text)",
    "--mantine-color-default-border": "var(--mw-border)",
    "--mantine-color-error": "var(--mw-failing)",
    "--mantine-color-anchor": "var(--mw-accent-text)",
    // White on these is more than 4.5:1, on Mantine's own red it is not.
    "--mantine-color-red-filled": "#c92a2a",
    "--mantine-color-red-filled-hover": "#b02525",
    "--mantine-color-gray-text": "var(--mw-text-dim)",
  };
  return { variables: {}, light: shared, dark: shared };
};
