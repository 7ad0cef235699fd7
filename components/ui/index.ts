export * from "./code";
export { ErrorText } from "./error-text";
export * from "./format";
export * from "./layout";
export * from "./reading";
export * from "./status";
export * from "./status-words";
export { createStore, type Store, useStore } from "./store";
export { cssVariables, theme } from "./theme";
