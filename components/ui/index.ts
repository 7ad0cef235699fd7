export * from "./code";
export * from "./format";
export * from "./layout";
export * from "./status";
export { createStore, type Store, useStore } from "./store";
export { cssVariables, theme } from "./theme";
