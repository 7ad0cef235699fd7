// Completion and hover help of a text that follows a schema. Job: ask the schema what may stand where the cursor is.
// Rule: it knows no kind and no mesh; whoever uses it gives the fields, the values and the names that exist.
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { yamlContext } from "./yaml-context";

export interface HelpField {
  name: string;
  description: string;
  type: string;
  isRequired: boolean;
  holds: "object" | "list" | "value";
}
export interface HelpValue {
  label: string;
  detail?: string;
}
type YamlPath = readonly (string | number)[];

export interface SchemaHelp {
  fieldsAt(path: YamlPath): readonly HelpField[];
  fieldAt(path: YamlPath): HelpField | undefined;
  /** Values that are allowed or names that exist. */
  valuesAt(path: YamlPath): readonly HelpValue[];
  /** Names of the fields that stand at this path already. */
  presentAt(path: YamlPath): readonly string[];
}

export function completionOf(help: () => SchemaHelp): CompletionSource {
  return (context: CompletionContext): CompletionResult | null => {
    const place = yamlContext(context.state.doc.toString(), context.pos);
    if (!place || (!context.explicit && place.word === "" && place.wants !== "value")) return null;
    const schema = help();
    const values = place.wants === "key" ? [] : schema.valuesAt(place.path).map(valueOption);
    const present = new Set(schema.presentAt(place.path));
    const fields =
      place.wants === "value"
        ? []
        : schema
            .fieldsAt(place.path)
            .filter((field) => !present.has(field.name) || field.name.startsWith(place.word))
            .map((field, i) => fieldOption(field, i, place.column));
    const options = [...fields, ...values];
    return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w.-]*$/ };
  };
}

function valueOption(value: HelpValue): Completion {
  const needsQuotes = /^(true|false|null|[\d.]+)$/.test(value.label) && value.detail === "quoted";
  return {
    label: value.label,
    type: "constant",
    ...(value.detail && !needsQuotes ? { detail: value.detail } : {}),
    ...(needsQuotes ? { apply: `"${value.label}"` } : {}),
  };
}

function fieldOption(field: HelpField, order: number, column: number): Completion {
  const below = `\n${" ".repeat(column + 2)}`;
  const behind = { object: below, list: `${below}- `, value: " " }[field.holds];
  return {
    label: field.name,
    type: "property",
    detail: field.isRequired ? `${field.type}, required` : field.type,
    info: field.description,
    apply: `${field.name}:${behind}`,
    boost: 50 - order,
  };
}

/** What a field is, where the pointer rests; its text is announced by the tooltip's role. */
export function hoverOf(help: () => SchemaHelp): Extension {
  return hoverTooltip((view, pos) => {
    const line = view.state.doc.lineAt(pos);
    const key = /^[\s-]*([\w-]+):/.exec(line.text);
    const name = key?.[1];
    if (!key || name === undefined) return null;
    const to = line.from + key[0].length - 1;
    const from = to - name.length;
    if (pos < from || pos > to) return null;
    const place = yamlContext(view.state.doc.toString(), to);
    const field = place && help().fieldAt([...place.path, name]);
    if (!field) return null;
    return { pos: from, end: to, above: true, create: () => ({ dom: helpBox(field) }) };
  });
}

function helpBox(field: HelpField): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-help";
  box.setAttribute("role", "tooltip");
  const name = document.createElement("strong");
  name.textContent = field.name;
  const type = document.createElement("span");
  type.textContent = ` ${field.type}${field.isRequired ? ", required" : ""}`;
  const words = document.createElement("div");
  words.textContent = field.description;
  box.append(name, type, words);
  return box;
}
