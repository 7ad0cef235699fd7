export { CodeEditor, type EditorProblem } from "./code-editor";
export type { HelpValue, SchemaHelp } from "./schema-help";
