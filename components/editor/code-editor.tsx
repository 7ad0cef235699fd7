"use client";
// A text editor for YAML. Job: typing, completion, help, problems in the gutter, in the browser of a page with a strict policy.
// Rule: it owns what is being typed; the text from outside replaces only what differs, so that cursor and undo stay.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  tooltips,
} from "@codemirror/view";
import { useMantineStyleNonce } from "@mantine/core";
import { useEffect, useId, useRef } from "react";
import classes from "./code-editor.module.css";
import { differenceOf } from "./difference";
import { look } from "./look";
import { completionOf, hoverOf, type SchemaHelp } from "./schema-help";

export interface EditorProblem {
  from: number;
  to: number;
  severity: "error" | "warning" | "info";
  message: string;
}

export interface CodeEditorProps {
  label: string;
  value: string;
  /** Called a moment after the last key, and before focus leaves. */
  onChange(text: string): void;
  problems: readonly EditorProblem[];
  help: SchemaHelp;
  isReadOnly: boolean;
  /** The cursor goes there whenever this is another object. */
  goTo?: { from: number } | null;
}

const fromOutside = Annotation.define<boolean>();
/** Long enough to gather a word, short enough that form and consequence seem to follow. */
const gatherMs = 250;

export function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);
  const said = useRef(props.value);
  const readOnly = useRef(new Compartment());
  const noteId = useId();
  const nonce = useMantineStyleNonce();
  const flush = useRef(() => {
    if (pending.current) clearTimeout(pending.current);
    pending.current = null;
    const text = view.current?.state.doc.toString();
    if (text === undefined || text === said.current) return;
    said.current = text;
    latest.current.onChange(text);
  });

  // made once, of what there is at first; what changes later goes in by the effects below
  const first = useRef({
    value: props.value,
    label: props.label,
    isReadOnly: props.isReadOnly,
    noteId,
    nonce: nonce?.(),
  });
  useEffect(() => {
    if (!host.current) return;
    const { value, label, isReadOnly, noteId, nonce } = first.current;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce ?? ""),
          // the tab stop is said, because the box around it scrolls
          EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": noteId, tabindex: "0" }),
          readOnly.current.of(writing(isReadOnly)),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((each) => each.annotation(fromOutside))) return;
            if (pending.current) clearTimeout(pending.current);
            pending.current = setTimeout(flush.current, gatherMs);
          }),
          EditorView.domEventHandlers({ blur: () => flush.current() }),
          autocompletion({ override: [completionOf(() => latest.current.help)], activateOnTyping: true, icons: false }),
          hoverOf(() => latest.current.help),
          ...basics,
        ],
      }),
    });
    view.current = editor;
    return () => {
      flush.current();
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || props.value === said.current) return;
    said.current = props.value;
    const changes = differenceOf(editor.state.doc.toString(), props.value);
    if (changes) editor.dispatch({ changes, annotations: fromOutside.of(true) });
  }, [props.value]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const end = editor.state.doc.length;
    const diagnostics = props.problems.map(
      (each): Diagnostic => ({
        ...each,
        from: Math.min(each.from, end),
        to: Math.min(Math.max(each.to, each.from), end),
      }),
    );
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [props.problems]);

  useEffect(() => {
    view.current?.dispatch({ effects: readOnly.current.reconfigure(writing(props.isReadOnly)) });
  }, [props.isReadOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !props.goTo) return;
    const anchor = Math.min(props.goTo.from, editor.state.doc.length);
    editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    editor.focus();
  }, [props.goTo]);

  return (
    <div className={classes.frame}>
      <div ref={host} className={classes.host} />
      <p id={noteId} className={classes.note}>
        {props.isReadOnly ? "Read only." : "Ctrl+Space completes. Tab indents; Esc, then Tab leaves the editor."}
      </p>
    </div>
  );
}

const writing = (isReadOnly: boolean): Extension => [
  EditorState.readOnly.of(isReadOnly),
  // stays focusable, so that a reader can walk and copy by keyboard
  EditorView.editable.of(true),
];

const basics: Extension[] = [
  lineNumbers(),
  lintGutter(),
  foldGutter({ openText: "▾", closedText: "▸" }),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  history(),
  drawSelection(),
  indentOnInput(),
  indentUnit.of("  "),
  EditorState.tabSize.of(2),
  bracketMatching(),
  closeBrackets(),
  yaml(),
  tooltips({ position: "fixed" }),
  EditorView.lineWrapping,
  keymap.of([
    ...closeBracketsKeymap,
    ...completionKeymap,
    ...lintKeymap,
    ...searchKeymap,
    ...foldKeymap,
    ...historyKeymap,
    indentWithTab,
    ...defaultKeymap,
  ]),
  ...look,
];
